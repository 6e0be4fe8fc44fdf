package io.lighterage.remotesnapshotter.lazy;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;

/// A flat file over a [TestLayer] in a directory, opened as a process would.
final class OpenedFlat implements AutoCloseable {
    private final FlatFile file;
    private final LayerStatistics statistics = new LayerStatistics(InstantSource.system());
    private final AtomicInteger wholeFills = new AtomicInteger();

    OpenedFlat(TestLayer layer, TestBlob blob, Path directory) {
        this(layer, blob, directory, Duration.ofSeconds(30));
    }

    OpenedFlat(TestLayer layer, TestBlob blob, Path directory, Duration readTimeout) {
        this(layer, blob, directory, readTimeout, false);
    }

    /// @param everything as in [FlatParts]
    OpenedFlat(TestLayer layer, TestBlob blob, Path directory, Duration readTimeout, boolean everything) {
        Buffers buffers = new Buffers(16 << 20);
        ChunkStore store =
                ChunkStore.open(layer.index(), directory.resolve("flat"), directory.resolve("present"), buffers);
        Sources sources = new Sources(layer.index().layer());
        sources.add(blob);
        FlatParts parts = new FlatParts(
                layer.index(),
                store,
                sources,
                new Traffic(),
                buffers,
                new Buffers(16 << 20),
                null,
                statistics,
                readTimeout,
                everything);
        file = new FlatFile(parts, ignored -> wholeFills.incrementAndGet());
    }

    FlatFile file() {
        return file;
    }

    LayerStatistics statistics() {
        return statistics;
    }

    @Override
    public void close() {
        file.close();
    }
}
