package io.lighterage.remotesnapshotter.lazy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Processes that die while they fill a layer, and processes that fill one together.
@Timeout(300)
class KilledFillTest {
    private static final int KILLS = Boolean.getBoolean("lighterage.full") ? 50 : 5;
    private static final int LATEST_KILL_MILLIS = 1200;

    @TempDir
    Path folder;

    @Test
    void whatAKilledProcessLeftIsRightOrFetchedAgain() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Path log = folder.resolve("log");
        Path directory = Files.createDirectory(folder.resolve("layer"));
        for (int round = 0; round < KILLS; round++) {
            Process process = FillProcess.start(directory, log, seed);
            boolean ended = process.waitFor(200 + random.nextInt(LATEST_KILL_MILLIS), TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            if (ended) {
                assertThat(process.exitValue())
                        .as("seed %d: %s", seed, Files.readString(log))
                        .isZero();
            }
            TestLayer layer = FillProcess.layer(seed);
            TestBlob blob = new TestBlob(layer.blob());
            try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
                assertRight(layer, flat, seed);
            }
            Files.deleteIfExists(directory.resolve("present"));
        }
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
