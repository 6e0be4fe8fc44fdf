package io.lighterage.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Store.FsckReport;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledPullTest {
    private static final int KILLS = Boolean.getBoolean("lighterage.full") ? 50 : 8;

    /// Longer than a whole pull of the test's image takes in a fresh process, so that kills fall everywhere.
    private static final int LATEST_KILL_MILLIS = 1500;

    @TempDir
    Path folder;

    @Test
    void pullCompletesAfterBeingKilledAtRandomMomentsAndNothingIsDamaged() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        MemoryUpstream upstream = new MemoryUpstream();
        TestImage image = TestImage.put(
                upstream, "app", TestTars.randomFiles(random, 40, 400_000), TestTars.randomFiles(random, 3, 6_000_000));
        Path root = folder.resolve("root");
        Path target = folder.resolve("tree");
        Path log = folder.resolve("log");
        try (MirrorServer mirror = MirrorServer.start(MirrorOptions.defaults(), upstream)) {
            String reference = mirror.hostPort() + "/app:latest";
            int killed = 0;
            for (int round = 0; round < KILLS; round++) {
                Process process = PullProcess.start(log, root.toString(), reference, target.toString());
                if (!process.waitFor(random.nextInt(LATEST_KILL_MILLIS), TimeUnit.MILLISECONDS)) {
                    killed++;
                }
                process.destroyForcibly().waitFor();
                assertThat(check(root)).as("seed %d, kill %d", seed, round).matches(FsckReport::clean);
                if (Files.exists(target)) {
                    assertThat(target.resolve("file-39"))
                            .as("seed %d, a published tree is whole", seed)
                            .exists();
                    root = folder.resolve("root-" + round);
                    target = folder.resolve("tree-" + round);
                }
            }
            assertThat(killed)
                    .as("seed %d: kills that hit a running pull", seed)
                    .isPositive();
            try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(root))) {
                Path last = folder.resolve("last");
                runtime.unpack(reference, Optional.empty(), last, UnpackForm.MERGED, ProgressListener.NONE);
                assertThat(runtime.store().fsck((blobs, ofBlobs, bytes, ofBytes) -> {}))
                        .as("seed %d", seed)
                        .matches(FsckReport::clean);
                for (var layer : image.layers()) {
                    assertThat(runtime.store().namespace("default").content().info(layer))
                            .isPresent();
                }
            }
        }
    }

    private static FsckReport check(Path root) {
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(root))) {
            return runtime.store().fsck((blobs, ofBlobs, bytes, ofBytes) -> {});
        }
    }
}
