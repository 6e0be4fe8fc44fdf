package io.lighterage.runtime;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.stargz.format.LayerForm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Images mounted before they are here, over a real FUSE mount.
class LazyMountTest {
    private static final int LAYERS = 12;

    @TempDir
    Path folder;

    private Path lazy;
    private MirrorServer registry;

    /// Twelve layers with a file each; the last two hide, replace and link what is below.
    @BeforeEach
    void serveALazyImage() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: owners are compared");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        MemoryUpstream plain = new MemoryUpstream();
        Random random = new Random(5);
        byte[][] tars = new byte[LAYERS][];
        for (int i = 0; i < LAYERS; i++) {
            tars[i] = tarOf(dir("d"), file("d/file-" + i, TestTars.randomBytes(random, 40_000)));
        }
        tars[LAYERS - 2] = tarOf(whiteout("d/file-1"), file("d/file-2", "other"), symlink("up", "../d"));
        tars[LAYERS - 1] = tarOf(dir("e"), file("e/one", "linked"), hardlink("e/two", "e/one"));
        TestImage.put(plain, "app", tars);
        Path layout = folder.resolve("lazy");
        try (MirrorServer source = MirrorServer.start(MirrorOptions.defaults(), plain);
                ImageRuntime runtime = runtime("converting")) {
            runtime.convert(
                    source.hostPort() + "/app:latest",
                    "oci:" + layout + ":latest",
                    ConvertOptions.to(LayerForm.ESTARGZ),
                    ProgressListener.NONE);
        }
        registry = MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("app", layout));
        lazy = Files.createDirectory(folder.resolve("mnt"));
    }

    @AfterEach
    void stop() {
        if (registry != null) {
            registry.close();
        }
    }

    @Test
    void theMountedTreeEqualsTheUnpackedOne() throws IOException {
        Path unpacked = folder.resolve("unpacked");
        try (ImageRuntime runtime = runtime("root")) {
            runtime.unpack(reference(), Optional.empty(), unpacked, UnpackForm.MERGED, ProgressListener.NONE);
            // Part of the layers as tar archives, of no use to whoever reads the tree.
            Files.delete(unpacked.resolve(".no.prefetch.landmark"));
            Files.delete(unpacked.resolve("stargz.index.json"));
            try (LazyMount mounted = runtime.mount(request(), ProgressListener.NONE)) {
                assertThat(TreeListing.of(unpacked).differences(TreeListing.of(mounted.at()), TreeListing.Ignore.ROOT))
                        .isEmpty();
            }
        }
    }

    @Test
    void allLayersAreOpenedInOneRoundTripAfterTheManifest() throws Exception {
        CountDownLatch everythingAsked = new CountDownLatch(1);
        registry.faults().nextBlobs(LAYERS + 1, new Fault.Hold(everythingAsked));
        try (ImageRuntime runtime = runtime("root");
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<LazyMount> mounting = threads.submit(() -> runtime.mount(request(), ProgressListener.NONE));
            await(() -> blobRequests() == LAYERS + 1);
            assertThat(mounting.isDone()).isFalse();
            long manifests = registry.requests().stream()
                    .filter(request -> request.path().contains("/manifests/"))
                    .count();
            assertThat(manifests).as("the layout's index has no index below it").isEqualTo(1);
            everythingAsked.countDown();
            try (LazyMount mounted = mounting.get()) {
                assertThat(blobRequests()).isEqualTo(LAYERS + 1);
                assertThat(mounted.report().bytesHere()).isZero();
            }
        }
    }

    @Test
    void whatWasMountedOnceIsMountedAgainWithoutItsRegistry() throws Exception {
        byte[] before;
        try (ImageRuntime runtime = runtime("root");
                LazyMount mounted = runtime.mount(request(), ProgressListener.NONE)) {
            before = Files.readAllBytes(mounted.at().resolve("d/file-3"));
        }
        registry.close();
        try (ImageRuntime runtime = runtime("root");
                LazyMount mounted = runtime.mount(request(), ProgressListener.NONE)) {
            assertThat(Files.readAllBytes(mounted.at().resolve("d/file-3"))).isEqualTo(before);
            assertThatThrownBy(() -> Files.readAllBytes(mounted.at().resolve("e/two")))
                    .as("it was never read, and its registry is gone")
                    .isInstanceOf(IOException.class);
            assertThat(mounted.report().lastError()).isPresent();
        }
    }

    @Test
    void theReportTellsWhatWaitedAlsoAfterTheUnmount() throws Exception {
        try (ImageRuntime runtime = runtime("root")) {
            try (LazyMount mounted = runtime.mount(request(), ProgressListener.NONE)) {
                Files.readAllBytes(mounted.at().resolve("d/file-5"));
                MountReport report = mounted.report();
                assertThat(report.demandReads()).isPositive();
                assertThat(report.bytesFetched()).isBetween(40_000L, 60_000L);
                assertThat(report.slowest().getFirst().path()).isEqualTo("d/file-5");
                assertThat(report.slowest().getFirst().roundTrips()).isEqualTo(1);
                assertThat(MountReport.parse(report.json()).json()).isEqualTo(report.json());
            }
            MountReport last = MountReport.parse(runtime.mounts().getFirst().report());
            assertThat(last.slowest().getFirst().path()).isEqualTo("d/file-5");
            assertThat(runtime.mounts().getFirst().endedAt()).isPresent();
        }
    }

    @Test
    void aLayerThatIsNotWhatTheManifestSaysIsRefused() {
        registry.faults().nextBlobs(100, new Fault.Flip(30));
        try (ImageRuntime runtime = runtime("root")) {
            assertThatThrownBy(() -> runtime.mount(request(), ProgressListener.NONE))
                    .isInstanceOfSatisfying(
                            ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CORRUPT));
            assertThat(lazy).isEmptyDirectory();
        }
    }

    @Test
    void everythingComesInTheBackground() {
        try (ImageRuntime runtime = runtime("root");
                LazyMount mounted =
                        runtime.mount(request().withOptions(LazyOptions.defaults()), ProgressListener.NONE)) {
            await(() -> mounted.report().bytesHere() == mounted.report().bytesTotal());
            assertThat(mounted.report().demandReads()).isZero();
        }
    }

    private MountRequest request() {
        return MountRequest.of(reference(), lazy)
                .withOptions(LazyOptions.defaults().withBackground(false).withReadTimeout(Duration.ofSeconds(5)));
    }

    private String reference() {
        return registry.hostPort() + "/app:latest";
    }

    private long blobRequests() {
        return registry.requests().stream()
                .filter(request -> request.path().contains("/blobs/"))
                .count();
    }

    private ImageRuntime runtime(String root) {
        ResolverConfig config = new ResolverConfig(
                Optional.empty(),
                Optional.empty(),
                true,
                Optional.empty(),
                true,
                4,
                Duration.ofSeconds(10),
                1,
                Map.of());
        return ImageRuntime.open(RuntimeConfig.at(folder.resolve(root)).withResolver(config));
    }

    private static void await(java.util.function.BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited for half a minute").isLessThan(deadline);
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
        }
    }
}
