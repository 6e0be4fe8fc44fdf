package io.lighterage.runtime.remote;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ImageException;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.OpenedImage;
import io.lighterage.runtime.ProgressListener;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.TestImage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Layers on disk that no image is recorded for.
class StrayLayersTest {
    private static final LazyOptions LAZY = LazyOptions.defaults().withBackground(false);

    @TempDir
    Path folder;

    private final MemoryUpstream upstream = new MemoryUpstream();
    private MirrorServer mirror;
    private ImageRuntime runtime;

    @BeforeEach
    void start() {
        mirror = MirrorServer.start(MirrorOptions.defaults(), upstream);
        runtime = runtime("default");
    }

    @AfterEach
    void stop() {
        runtime.close();
        mirror.close();
    }

    private ImageRuntime runtime(String namespace) {
        RuntimeConfig config = RuntimeConfig.at(folder.resolve("root"));
        return ImageRuntime.open(new RuntimeConfig(config.root(), namespace, config.resolver()));
    }

    private OpenedImage open(ImageRuntime runtime, String repository) {
        return runtime.open(
                mirror.hostPort() + "/" + repository + ":latest", Optional.empty(), LAZY, false, ProgressListener.NONE);
    }

    /// One of two layers is here when the other cannot be had.
    private void failToOpen(String repository) throws Exception {
        TestImage image =
                TestImage.put(upstream, repository, tarOf(file("a", repository)), tarOf(file("b", repository)));
        String second = image.layers().getLast().toString();
        CountDownLatch gate = new CountDownLatch(1);
        mirror.faults().next(1, "GET", path -> path.contains(second), new Fault.Hold(gate));
        long before = runtime.layers().bytes();
        Thread opening = Thread.ofVirtual()
                .start(() -> assertThatThrownBy(() -> open(runtime, repository)).isInstanceOf(ImageException.class));
        while (opening.isAlive() && runtime.layers().bytes() == before) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        opening.interrupt();
        opening.join();
        gate.countDown();
        assertThat(runtime.layers().bytes()).as("left over").isGreaterThan(before);
    }

    @Test
    void whatAFailedOpeningLeftIsFreedAndWhatImagesHaveIsNot() throws Exception {
        TestImage.put(upstream, "kept", tarOf(file("kept", "kept")));
        open(runtime, "kept").close();
        TestImage.put(upstream, "other", tarOf(file("other", "of another namespace")));
        try (ImageRuntime elsewhere = runtime("elsewhere")) {
            open(elsewhere, "other").close();
        }
        long kept = runtime.layers().bytes();
        failToOpen("failed");
        assertThat(runtime.freeStrayLayers()).isPositive();
        assertThat(runtime.layers().bytes()).isEqualTo(kept);
        runtime.remove(mirror.hostPort() + "/kept:latest");
        assertThat(runtime.freeStrayLayers()).isPositive();
        assertThat(runtime.layers().bytes()).as("of the other namespace").isPositive();
    }

    @Test
    void layersThatSomebodyUsesStay() {
        TestImage.put(upstream, "used", tarOf(file("used", "used")));
        try (OpenedImage image = open(runtime, "used")) {
            runtime.remove(image.name());
            assertThat(runtime.freeStrayLayers()).isZero();
        }
        assertThat(runtime.freeStrayLayers()).isPositive();
    }

    @Test
    void aSnapshotterFreesThoseOfTheTimeBeforeItStarted() throws Exception {
        failToOpen("failed");
        try (StrayLayers _ = new StrayLayers(runtime)) {
            awaitNothing();
        }
    }

    @Test
    void aSnapshotterFreesThoseOfAnImageThatCannotBeOpened() throws Exception {
        TestImage image = TestImage.put(upstream, "app", tarOf(file("a", "a")), tarOf(file("b", "b")));
        List<String> blobs = image.layers().stream().map(Object::toString).toList();
        CountDownLatch gate = new CountDownLatch(1);
        mirror.faults().next(1, "GET", path -> path.contains(blobs.get(1)), new Fault.Hold(gate));
        RemoteOptions options = RemoteOptions.of(LAZY).withPatience(Duration.ofSeconds(1));
        try (StrayLayers strays = new StrayLayers(runtime)) {
            awaitNothing(); // the one of the start is over
            TakenImages images = new TakenImages(runtime, options, strays::look);
            LayerSigns signs = LayerSigns.of(Map.of(
                            "containerd.io/snapshot/remote/stargz.reference",
                            mirror.hostPort() + "/app:latest",
                            "containerd.io/snapshot/remote/stargz.digest",
                            blobs.get(0)))
                    .orElseThrow();
            assertThatThrownBy(() -> images.get(signs)).hasMessageContaining("not done after");
            assertThat(runtime.layers().bytes()).isPositive();
            images.close(); // which ends the opening
            awaitNothing();
        } finally {
            gate.countDown();
        }
    }

    private void awaitNothing() throws InterruptedException {
        while (runtime.layers().bytes() > 0) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }
}
