package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.format.ChunkDecoder;
import io.lighterage.stargz.index.LayerIndex;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Turns the bytes of one request into chunks, each as soon as its range is complete: decode, verify, write.
///
/// Holds one compressed range at a time, and its chunks while they are decoded. Owned by one thread.
final class RunReader implements Consumer<ByteBuffer>, AutoCloseable {
    /// What one array-like buffer can hold.
    private static final long LONGEST_RANGE = Integer.MAX_VALUE - 8L;

    /// What becomes of the chunks.
    interface Sink {
        /// The chunks of a range that are still to be filled by this run.
        List<Integer> wanted(Run.Group group);

        /// The chunk's bytes, which match its digest.
        void filled(int chunk, ByteBuffer bytes);

        /// The chunk's bytes came and are wrong.
        void failed(int chunk, ImageException cause);
    }

    private final Run run;
    private final LayerIndex index;
    private final Buffers buffers;
    private final ChunkDecoder decoder;
    private final Sink sink;
    private int next;
    private long at;
    private List<Integer> wanted = List.of();
    private Buffers.@Nullable Reservation reservation;
    private @Nullable ByteBuffer range;

    /// @param from where the bytes begin that will be accepted: at the begin of one of the run's groups
    RunReader(Run run, long from, LayerIndex index, Buffers buffers, ChunkDecoder decoder, Sink sink) {
        this.run = run;
        this.index = index;
        this.buffers = buffers;
        this.decoder = decoder;
        this.sink = sink;
        this.at = from;
        while (next < run.groups().size() && run.groups().get(next).begin() < from) {
            next++;
        }
    }

    @Override
    public void accept(ByteBuffer piece) {
        while (piece.hasRemaining() && next < run.groups().size()) {
            Run.Group group = run.groups().get(next);
            if (at < group.begin()) {
                pass(piece, group.begin());
                continue;
            }
            if (at == group.begin()) {
                begin(group);
            }
            ByteBuffer into = range;
            if (into == null) {
                pass(piece, group.end());
            } else {
                int count = Math.min(piece.remaining(), into.remaining());
                into.put(into.position(), piece, piece.position(), count);
                into.position(into.position() + count);
                piece.position(piece.position() + count);
                advance(count);
            }
            if (at == group.end()) {
                finish();
                next++;
            }
        }
    }

    private void pass(ByteBuffer piece, long until) {
        int count = (int) Math.min(piece.remaining(), until - at);
        piece.position(piece.position() + count);
        advance(count);
    }

    private void advance(int count) {
        at += count;
        run.reached(at);
    }

    private void begin(Run.Group group) {
        wanted = sink.wanted(group);
        if (wanted.isEmpty()) {
            return;
        }
        long length = group.end() - group.begin();
        if (length > LONGEST_RANGE) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED, "a range of " + length + " compressed bytes cannot be decoded");
        }
        long bytes = 0;
        for (int chunk : wanted) {
            bytes += index.chunkLength(chunk);
        }
        reservation = buffers.reserve(length + bytes);
        range = buffers.take((int) length);
    }

    private void finish() {
        ByteBuffer compressed = range;
        if (compressed == null) {
            return;
        }
        compressed.flip();
        List<ChunkDecoder.Part> parts = new ArrayList<>();
        List<Integer> chunks = new ArrayList<>();
        try {
            long end = 0;
            for (int chunk : wanted) {
                if (index.chunkInnerOffset(chunk) < end) {
                    decode(compressed, parts, chunks); // two chunks of the same bytes
                }
                end = index.chunkInnerOffset(chunk) + index.chunkLength(chunk);
                parts.add(new ChunkDecoder.Part(index.chunkInnerOffset(chunk), buffers.take(index.chunkLength(chunk))));
                chunks.add(chunk);
            }
            decode(compressed, parts, chunks);
        } finally {
            parts.forEach(part -> buffers.give(part.target()));
            release();
        }
    }

    /// Decodes and hands out what is listed, and empties the lists.
    private void decode(ByteBuffer compressed, List<ChunkDecoder.Part> parts, List<Integer> chunks) {
        ImageException broken = null;
        try {
            decoder.decode(compressed.duplicate(), parts);
        } catch (ImageException e) {
            broken = e;
        }
        for (int i = 0; i < parts.size(); i++) {
            ByteBuffer bytes = parts.get(i).target();
            int chunk = chunks.get(i);
            bytes.position(0).limit(index.chunkLength(chunk));
            // What broke at one chunk may have brought those before it: the digest knows.
            if (index.chunkMatches(chunk, bytes)) {
                sink.filled(chunk, bytes);
            } else {
                sink.failed(chunk, broken != null ? broken : mismatch(chunk));
            }
        }
        parts.forEach(part -> buffers.give(part.target()));
        parts.clear();
        chunks.clear();
    }

    private ImageException mismatch(int chunk) {
        return new ImageException(
                ErrorKind.CORRUPT,
                "bytes " + index.chunkBlobOffset(chunk) + "-" + (index.chunkBlobEnd(chunk) - 1) + " of layer "
                        + index.layer() + " (" + index.path(index.chunkInode(chunk))
                        + ") do not have the digest that the image gives; the blob or the registry is damaged");
    }

    private void release() {
        ByteBuffer held = range;
        range = null;
        if (held != null) {
            buffers.give(held);
        }
        if (reservation != null) {
            reservation.close();
            reservation = null;
        }
    }

    @Override
    public void close() {
        release();
    }
}
