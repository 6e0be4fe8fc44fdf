package io.lighterage.remotesnapshotter.lazy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Processes that die while they fill a layer, and processes that fill one together.
@Timeout(300)
class KilledFillTest {
    private static final int KILLS = Boolean.getBoolean("lighterage.full") ? 50 : 5;

    @TempDir
    Path folder;

    @Test
    void whatAKilledProcessLeftIsRightOrFetchedAgain() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Path log = folder.resolve("log");
        Path directory = Files.createDirectory(folder.resolve("layer"));
        Path present = directory.resolve("present");
        TestLayer layer = FillProcess.layer(seed);
        int chunks = layer.index().chunkCount();
        int within = 0;
        for (int round = 0; round < KILLS; round++) {
            Process process = FillProcess.start(directory, log, seed);
            boolean ended = awaitMarks(process, present, chunks, random.nextInt(chunks));
            process.destroyForcibly().waitFor();
            if (ended) {
                assertThat(process.exitValue())
                        .as("seed %d: %s", seed, Files.readString(log))
                        .isZero();
            }
            int here = marks(present, chunks);
            within += here > 0 && here < chunks ? 1 : 0;
            try (OpenedFlat flat = new OpenedFlat(layer, new TestBlob(layer.blob()), directory)) {
                assertRight(layer, flat, seed);
            }
            Files.deleteIfExists(present);
        }
        assertThat(within).as("kills while it was filled, seed %d", seed).isPositive();
    }

    /// @return whether the process ended before so many chunks were marked
    private static boolean awaitMarks(Process process, Path present, int chunks, int wanted)
            throws InterruptedException {
        while (marks(present, chunks) < wanted) {
            if (process.waitFor(1, TimeUnit.MILLISECONDS)) {
                return true;
            }
        }
        return false;
    }

    private static int marks(Path present, int chunks) {
        AtomicInteger marked = new AtomicInteger();
        boolean ignored = PresenceFile.read(present, chunks, chunk -> marked.incrementAndGet());
        return marked.get();
    }

    @Test
    void twoProcessesFillALayerTogether() throws Exception {
        long seed = System.nanoTime();
        Path log = folder.resolve("log");
        Path directory = Files.createDirectory(folder.resolve("layer"));
        TestLayer layer = FillProcess.layer(seed);
        // The file is there before both begin, as the fill lock sees to it.
        new OpenedFlat(layer, new TestBlob(layer.blob()), directory).close();
        Process other = FillProcess.start(directory, log, seed);
        try (OpenedFlat flat = new OpenedFlat(layer, new TestBlob(layer.blob()), directory)) {
            assertRight(layer, flat, seed);
            assertThat(other.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(other.exitValue()).as(Files.readString(log)).isZero();
        } finally {
            other.destroyForcibly().waitFor();
        }
        TestBlob unused = new TestBlob(layer.blob());
        try (OpenedFlat flat = new OpenedFlat(layer, unused, directory)) {
            assertRight(layer, flat, seed);
            assertThat(unused.seen()).as("what both marked is here").isEmpty();
        }
    }

    private static void assertRight(TestLayer layer, OpenedFlat flat, long seed) {
        assertThat(TestLayer.read(flat.file(), 0, layer.flatSize()))
                .as("seed %d", seed)
                .isEqualTo(layer.flat(0, layer.flatSize()));
    }
}
