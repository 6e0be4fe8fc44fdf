package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndexBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/// Writes files one after another into a flat file, each on a boundary of 4 KiB, and cuts them into chunks.
/// What is not written stays a hole.
final class FlatWriter {
    private static final int PAGE = 4096;
    /// Unused: a hole is known by its flag.
    private static final Digest OF_NOTHING = Digest.sha256(new byte[0]);

    private final FileChannel out;
    private final MessageDigest hasher = Digest.newHasher("sha256");
    private List<LayerIndexBuilder.Chunk> chunks = List.of();
    private long start;
    private long nextStart;
    private long chunkStart;
    private long position;

    FlatWriter(FileChannel out) {
        this.out = out;
    }

    void begin() {
        start = nextStart;
        chunks = new ArrayList<>(1);
        chunkStart = 0;
        position = 0;
    }

    /// Where the current file begins.
    long fileStart() {
        return start;
    }

    /// Writes all of the piece at an offset of the file that is not before the end of the last piece.
    void write(long offset, ByteBuffer piece) throws IOException {
        if (offset > position) {
            closeChunk();
            addHole(offset);
        }
        ByteBuffer written = piece.duplicate();
        while (piece.hasRemaining()) {
            int room = (int) (EagerFill.CHUNK - (position - chunkStart));
            int count = Math.min(room, piece.remaining());
            ByteBuffer part = piece.slice(piece.position(), count);
            hasher.update(part);
            piece.position(piece.position() + count);
            position += count;
            if (count == room) {
                closeChunk();
            }
        }
        while (written.hasRemaining()) {
            long at = start + position - written.remaining();
            int ignored = out.write(written, at);
        }
    }

    /// Ends a file of so many bytes.
    List<LayerIndexBuilder.Chunk> end(long size) {
        closeChunk();
        addHole(size);
        nextStart = (start + size + PAGE - 1) / PAGE * PAGE;
        return chunks;
    }

    private void closeChunk() {
        if (position > chunkStart) {
            Digest digest = Digest.finish("sha256", hasher);
            chunks.add(new LayerIndexBuilder.Chunk(chunkStart, (int) (position - chunkStart), 0, 0, 0, false, digest));
            chunkStart = position;
        }
    }

    private void addHole(long end) {
        while (position < end) {
            int length = (int) Math.min(LayerIndex.MAX_CHUNK, end - position);
            chunks.add(new LayerIndexBuilder.Chunk(position, length, 0, 0, 0, true, OF_NOTHING));
            position += length;
        }
        chunkStart = position;
    }
}
