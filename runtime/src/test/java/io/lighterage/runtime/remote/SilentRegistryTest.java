package io.lighterage.runtime.remote;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotUsage;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.remotesnapshotter.snapshots.PrepareResult;
import io.lighterage.remotesnapshotter.snapshots.SnapshotMount;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A snapshotter while a registry has taken requests and says nothing. Every wait but that for the patience is as long
/// as these tests may take, so a call that waits for more ends a test.
@Timeout(SilentRegistryTest.SECONDS)
class SilentRegistryTest {
    static final int SECONDS = 120;

    private static final Duration SILENCE = Duration.ofSeconds(10 * SECONDS);
    private static final RemoteOptions OPTIONS = RemoteOptions.of(
                    LazyOptions.defaults().withBackground(false).withReadTimeout(SILENCE))
            .withPatience(Duration.ofMillis(500));

    @TempDir
    Path folder;

    private final CountDownLatch silent = new CountDownLatch(1);
    private MirrorServer registry;
    private NamedLayers image;
    private RemoteNode node;

    @BeforeEach
    void serveALazyImage() {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root to mount for everybody");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        Path layout = folder.resolve("lazy");
        image = NamedLayers.lazy(
                layout, folder.resolve("work"), tarOf(file("below", "below")), tarOf(file("top", "top")));
        registry = MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("app", layout));
        node = open(OPTIONS);
    }

    @AfterEach
    @Timeout(SECONDS)
    void stopWhileTheRegistryIsSilent() {
        if (node != null) {
            node.close();
            registry.close();
        }
    }

    private RemoteNode open(RemoteOptions options) {
        return RemoteNode.open(folder.resolve("root"), SILENCE, options);
    }

    private String reference() {
        return registry.hostPort() + "/app:latest";
    }

    private void hold(String part) {
        registry.faults().next(1000, "GET", path -> path.contains(part), new Fault.Hold(silent));
    }

    /// Requests that have no answer yet.
    private long held() {
        return registry.requests().stream()
                .filter(request -> request.status() == 0)
                .count();
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        for (int attempt = 0; attempt < 1000 && !condition.getAsBoolean(); attempt++) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        assertThat(condition.getAsBoolean()).as(what).isTrue();
    }

    private PrepareResult prepare(String who) {
        return node.prepare(who, image, reference(), 0, Optional.empty());
    }

    private static SnapshotMount mount(PrepareResult result) {
        assertThat(result).isInstanceOf(PrepareResult.Mounted.class);
        return ((PrepareResult.Mounted) result).mounts().getFirst();
    }

    private static void assertUnavailable(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE));
    }

    @Test
    void aLayerWhoseImageCannotBeReadIsLeftToTheClientWhenThePatienceIsOver() throws Exception {
        hold("/manifests/");
        assertThat(mount(prepare("one")).options()).contains("rw");
        await("the manifest is asked for", () -> held() == 1);
        assertThat(mount(prepare("two")).options()).contains("rw");
        node.snapshotter().cleanup();
        assertThat(node.snapshotter().list()).hasSize(2);
        assertThat(registry.requests()).as("one opening for both").hasSize(1);
        assertThat(held()).isEqualTo(1);
    }

    @Test
    void whoeverLooksAtALayerWaitsNoLongerThanThePatienceAndAllOthersNotAtAll() throws Exception {
        node.close();
        node = open(RemoteOptions.of(OPTIONS.lazy()));
        SnapshotKey top = node.pull("a", image, reference());
        SnapshotKey container = SnapshotKey.of("container");
        assertThat(mount(node.snapshotter().prepare(container, Optional.of(top), Map.of()))
                        .type())
                .isEqualTo("overlay");
        node.close();
        node = open(OPTIONS);
        assertThat(node.runtime().layers().trim(0)).as("evicted").isPositive();
        hold("/blobs/");
        Optional<SnapshotKey> parent = Optional.of(top);
        assertUnavailable(() -> node.snapshotter().mounts(container));
        assertUnavailable(() -> node.snapshotter().view(SnapshotKey.of("view"), parent, Map.of()));
        assertUnavailable(() -> node.snapshotter().prepare(SnapshotKey.of("other"), parent, Map.of()));
        await("the layers are asked for", () -> held() > 0);
        node.snapshotter().cleanup();
        assertThat(node.snapshotter().usage(top)).isEqualTo(SnapshotUsage.NONE);
        assertThat(node.snapshotter().list()).hasSize(3);
        node.snapshotter().remove(container);
        node.snapshotter().remove(top);
        node.snapshotter().cleanup();
        assertThat(held()).as("the registry is silent still").isPositive();
    }

    @Test
    void layersWithoutATableOfContentsArePulledAllAtOnceAndLeftToTheClientMeanwhile() throws Exception {
        MemoryUpstream images = new MemoryUpstream();
        image = NamedLayers.plain(images, "app", layers());
        registry.close();
        registry = MirrorServer.start(MirrorOptions.defaults(), images);
        image.blobs().forEach(blob -> hold("/blobs/" + blob));
        SnapshotMount ordinary = mount(prepare("one"));
        assertThat(ordinary.type()).isEqualTo("bind");
        assertThat(ordinary.options()).contains("rw");
        assertThat(Files.writeString(Path.of(ordinary.source(), "unpacked"), "by the client"))
                .exists();
        await("all three are in flight", () -> held() == image.blobs().size());
        silent.countDown();
        await("the image is here", () -> prepare("again " + System.nanoTime()) instanceof PrepareResult.AlreadyExists);
        SnapshotKey top = node.pull("two", image, reference());
        List<SnapshotMount> seen = node.snapshotter().view(SnapshotKey.of("view"), Optional.of(top), Map.of());
        assertThat(Path.of(seen.getFirst().source(), "third")).hasContent("3");
        assertThat(registry.requests().stream().filter(request -> request.path().contains("/blobs/")))
                .as("the configuration and each layer once")
                .hasSize(4);
    }

    private static byte[][] layers() {
        return new byte[][] {tarOf(file("first", "1")), tarOf(file("second", "2")), tarOf(file("third", "3"))};
    }
}
