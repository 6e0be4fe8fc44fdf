package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The uncompressed contents of a layer's files, one after another as its [LayerIndex] says, in a sparse local
/// file that fills as it is read.
///
/// Every byte handed out has been compared with the digest of its chunk by this process. Safe for any number of
/// threads.
public final class FlatFile implements TreeContent, AutoCloseable {
    private static final int[] NOTHING = {};

    private final FlatParts parts;
    private final LayerIndex index;
    private final ChunkStore store;
    private final Fetching fetching;
    private final ReadAhead readAhead = new ReadAhead();
    private final WholeFill wholeFill;
    private final long total;
    private final AtomicReference<@Nullable Recorder> recorder = new AtomicReference<>();

    /// Fills a layer whose chunks cannot be fetched one by one again, since a chunk on disk was found damaged.
    interface WholeFill {
        /// Brings every chunk that is not right into the store.
        void run(ChunkStore store);
    }

    FlatFile(FlatParts parts, WholeFill wholeFill) {
        this.parts = parts;
        this.index = parts.index();
        this.store = parts.store();
        this.wholeFill = wholeFill;
        this.fetching = new Fetching(parts);
        long sum = 0;
        for (int chunk = 0; chunk < index.chunkCount(); chunk++) {
            sum += index.chunkLength(chunk);
        }
        this.total = sum;
    }

    /// Reads from `flatOffset` until `target` is full or the file ends, first fetching what is missing.
    ///
    /// @return bytes read, 0 at or past the end
    /// @throws ImageException UNAVAILABLE when missing bytes do not come in time, CORRUPT when they are not
    ///     what the image says, EXHAUSTED when the disk is full, and what the source throws; never wrong bytes
    @Override
    public int read(long flatOffset, ByteBuffer target) {
        long size = index.flatSize();
        if (flatOffset >= size || !target.hasRemaining()) {
            return 0;
        }
        int length = (int) Math.min(target.remaining(), size - flatOffset);
        demand(flatOffset, length);
        int limit = target.limit();
        target.limit(target.position() + length);
        try {
            long at = flatOffset;
            while (target.hasRemaining()) {
                at += store.read(at, target);
            }
            return length;
        } finally {
            target.limit(limit);
        }
    }

    /// Returns when the bytes `[flatOffset, flatOffset + length)` are here.
    ///
    /// @throws ImageException as [#read]
    @Override
    public void ensure(long flatOffset, long length) {
        if (length > 0) {
            demand(flatOffset, length);
        }
    }

    /// Whether the bytes have been verified by this process, so that reading them waits for nothing.
    @Override
    public boolean isHere(long flatOffset, long length) {
        if (store.isTrusted()) {
            return true;
        }
        for (int chunk = index.chunkAt(flatOffset);
                chunk < index.chunkCount() && index.chunkFlatOffset(chunk) < flatOffset + length;
                chunk++) {
            if (!store.isTrusted(chunk)) {
                return false;
            }
        }
        return true;
    }

    private void demand(long flatOffset, long length) {
        if (flatOffset < 0) {
            throw new ImageException(ErrorKind.INVALID, "cannot read layer " + index.layer() + " at " + flatOffset);
        }
        Recorder listening = recorder.get();
        boolean complete = store.isTrusted();
        if (complete && listening == null) {
            return;
        }
        int first = index.chunkAt(flatOffset);
        int end = first;
        boolean missing = false;
        while (end < index.chunkCount() && index.chunkFlatOffset(end) < flatOffset + length) {
            missing |= !store.isTrusted(end);
            end++;
        }
        if (listening != null) {
            listening.touched(first, end, flatOffset, length);
        }
        if (complete) {
            return;
        }
        int[] ahead = index.encoding() == Encoding.NONE || end == first ? NOTHING : ahead(flatOffset, length, end - 1);
        if (missing && !areHere(first, end)) {
            fetch(flatOffset, length, first, end, ahead);
        } else if (ahead.length > 0) {
            List<Run> ignored = fetching.begin(end, end, ahead, new HashMap<>());
        }
    }

    /// Checks what earlier processes left.
    private boolean areHere(int first, int end) {
        boolean all = true;
        for (int chunk = first; chunk < end; chunk++) {
            all &= store.check(chunk);
        }
        return all;
    }

    /// Missing chunks of the same file that a sequential reader will want next.
    private int[] ahead(long flatOffset, long length, int lastChunk) {
        Optional<ReadAhead.Stretch> stretch = readAhead.after(flatOffset, flatOffset + length);
        if (stretch.isEmpty()) {
            return NOTHING;
        }
        int file = index.chunkInode(lastChunk);
        long end = Math.min(stretch.get().to(), index.flatOffset(file) + index.size(file));
        if (stretch.get().from() >= end) {
            return NOTHING;
        }
        int from = Math.max(lastChunk + 1, index.chunkAt(stretch.get().from()));
        int to = from;
        while (to < index.chunkCount() && index.chunkFlatOffset(to) < end && !endsRecordedRead(to)) {
            to++;
        }
        return IntStream.range(from, to)
                .filter(chunk -> !store.isTrusted(chunk) && !index.chunkIsHole(chunk))
                .toArray();
    }

    /// Whether a recorded start stops reading before this chunk.
    private boolean endsRecordedRead(int chunk) {
        return index.chunkIsPrioritized(chunk - 1) && !index.chunkIsPrioritized(chunk);
    }

    private void fetch(long flatOffset, long length, int first, int end, int[] ahead) {
        LayerStatistics statistics = parts.statistics();
        Instant when = statistics.now();
        long begun = System.nanoTime();
        statistics.beginWait();
        int roundTrips = 0;
        long bytes = 0;
        try {
            if (index.encoding() == Encoding.NONE) {
                fillWhole(first, end);
                return;
            }
            boolean again = false;
            long deadline = begun + parts.readTimeout().toNanos();
            int[] besides = ahead;
            while (true) {
                Map<Integer, Run> joined = new HashMap<>();
                for (Run run : fetching.begin(first, end, besides, joined)) {
                    roundTrips++;
                    bytes += run.end() - run.begin();
                }
                besides = NOTHING;
                ImageException failure = fetching.await(first, end, joined, deadline);
                if (failure == null && isTrusted(first, end)) {
                    return;
                }
                // A proxy on the way may have mangled it once; twice is the blob.
                if (failure != null && (again || failure.kind() != ErrorKind.CORRUPT)) {
                    throw failed(first, failure);
                }
                again |= failure != null;
            }
        } finally {
            int file = index.chunkInode(first);
            statistics.endWait(new SlowRead(
                    index.path(file).toString(),
                    Math.max(0, flatOffset - index.flatOffset(file)),
                    length,
                    bytes,
                    roundTrips,
                    System.nanoTime() - begun,
                    when));
        }
    }

    private void fillWhole(int first, int end) {
        wholeFill.run(store);
        if (!areHere(first, end)) {
            throw failed(
                    first,
                    new ImageException(
                            ErrorKind.CORRUPT, "its contents are damaged on disk and could not be restored"));
        }
    }

    private boolean isTrusted(int first, int end) {
        for (int chunk = first; chunk < end; chunk++) {
            if (!store.isTrusted(chunk)) {
                return false;
            }
        }
        return true;
    }

    private ImageException failed(int chunk, ImageException cause) {
        ImageException named = new ImageException(
                cause.kind(),
                "cannot read " + index.path(index.chunkInode(chunk)) + " of layer " + index.layer() + ": "
                        + cause.getMessage(),
                cause);
        parts.statistics().failed(named.getMessage());
        return named;
    }

    /// Uncompressed bytes that are here.
    public long bytesHere() {
        return store.bytesHere();
    }

    /// Uncompressed bytes of all files.
    public long bytesTotal() {
        return total;
    }

    /// Whether everything is here, so that no source is needed any more.
    public boolean complete() {
        return store.bytesHere() == bytesTotal();
    }

    /// The sparse file. What is missing in it reads as zeros.
    public Path path() {
        return store.path();
    }

    @Override
    public boolean isFetched() {
        return complete();
    }

    @Override
    public Optional<Path> whole() {
        return store.isTrusted() ? Optional.of(path()) : Optional.empty();
    }

    LayerIndex index() {
        return index;
    }

    Fetching fetching() {
        return fetching;
    }

    ChunkStore store() {
        return store;
    }

    /// Tells `listener` of what is read from now on.
    void listen(DemandListener listener) {
        recorder.set(new Recorder(index, listener));
    }

    /// Ends what is under way. Reads fail from now on.
    @Override
    public void close() {
        fetching.close();
        store.close();
    }

    /// Notes reads, and first touches of chunks.
    private static final class Recorder {
        private final LayerIndex index;
        private final DemandListener listener;
        private final AtomicBits touched;

        Recorder(LayerIndex index, DemandListener listener) {
            this.index = index;
            this.listener = listener;
            touched = new AtomicBits(index.chunkCount());
        }

        void touched(int first, int end, long flatOffset, long length) {
            if (first < end) {
                int file = index.chunkInode(first);
                long offset = Math.max(0, flatOffset - index.flatOffset(file));
                listener.read(index, file, offset, Math.min(length, index.size(file) - offset));
            }
            for (int chunk = first; chunk < end; chunk++) {
                if (touched.set(chunk)) {
                    int file = index.chunkInode(chunk);
                    listener.demanded(new DemandListener.Chunk(
                            index.layer(),
                            index.path(file),
                            index.chunkFlatOffset(chunk) - index.flatOffset(file),
                            index.chunkLength(chunk),
                            index.chunkBlobOffset(chunk),
                            index.chunkBlobEnd(chunk) - index.chunkBlobOffset(chunk)));
                }
            }
        }
    }
}
