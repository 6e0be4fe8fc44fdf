package io.lighterage.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.TaskGroup;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.Faults;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.mirror.RequestRecord;
import io.lighterage.remotesnapshotter.lazy.EstargzBlob;
import io.lighterage.remotesnapshotter.lazy.EstargzImage;
import io.lighterage.remotesnapshotter.lazy.LazyLayer;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Opening whole images: what is asked of the registry, in which order, and what is not.
class LazyOpeningTest {
    private static final LazyOptions ONLY_DEMAND = LazyOptions.defaults().withBackground(false);
    private static final int LAYERS = 25;

    @TempDir
    Path folder;

    private final MemoryUpstream upstream = new MemoryUpstream();
    private MirrorServer mirror;

    @BeforeEach
    void start() {
        mirror = MirrorServer.start(MirrorOptions.defaults(), upstream);
    }

    @AfterEach
    void stop() {
        mirror.close();
    }

    @Test
    void anImageBehindAnIndexIsReadyAfterThreeRoundTripsWhateverTheNumberOfLayers() {
        put();
        CountDownLatch gate = new CountDownLatch(1);
        mirror.faults().nextBlobs(LAYERS + 1, new Fault.Hold(gate));
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")));
                TaskGroup group = new TaskGroup("opening")) {
            group.fork(() -> {
                open(runtime).close();
                return null;
            });
            eventually(
                    "all that is left to ask is in flight",
                    () -> mirror.requests().size() == 2 + LAYERS + 1);
            assertThat(mirror.requests().subList(0, 2))
                    .extracting(RequestRecord::path)
                    .allMatch(path -> path.contains("/manifests/"));
            gate.countDown();
            group.join();
            assertThat(mirror.requests()).hasSize(2 + LAYERS + 1);
        }
    }

    /// A request that is answered only when all others of its round trip are under way cannot wait for any of them.
    @ParameterizedTest
    @ValueSource(ints = {5, 50})
    void aMountIsReadyAfterThreeRoundTripsWhateverTheNumberOfLayers(int layers) throws IOException {
        assumeMounts();
        put("many", layers);
        CountDownLatch[] gates = {new CountDownLatch(1), new CountDownLatch(1), new CountDownLatch(1)};
        mirror.faults().nextManifests(1, new Fault.Hold(gates[0]));
        mirror.faults().nextManifests(1, new Fault.Hold(gates[1]));
        mirror.faults().nextBlobs(layers + 1, new Fault.Hold(gates[2]));
        int[] asked = {1, 2, 2 + layers + 1};
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")));
                TaskGroup group = new TaskGroup("mounting")) {
            TaskGroup.Subtask<LazyMount> mounting = group.fork(() -> mount(runtime, "many"));
            for (int trip = 0; trip < gates.length; trip++) {
                int requests = asked[trip];
                eventually(
                        "round trip " + trip + " is under way",
                        () -> mirror.requests().size() == requests);
                gates[trip].countDown();
            }
            group.join();
            try (LazyMount mounted = mounting.get()) {
                assertThat(mirror.requests()).hasSize(2 + layers + 1);
                assertThat(mounted.at().resolve("f2"))
                        .hasBinaryContent(files(layers - 1).get("f2"));
            }
        }
    }

    @Test
    void aRegistryThatIsFarAwayDoesNotMakeAMountWaitForOneLayerAfterTheOther() throws IOException {
        assumeMounts();
        int layers = 50;
        Duration roundTrip = Duration.ofMillis(300);
        put("first", 1);
        put("many", layers);
        mirror.faults().next(1000, Faults.ANY_METHOD, path -> true, new Fault.Delay(roundTrip));
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")))) {
            runtime.open(reference("first"), Optional.empty(), ONLY_DEMAND, false, ProgressListener.NONE)
                    .close();
            try (LazyMount mounted = mount(runtime, "many")) {
                assertThat(mounted.report().opening().total())
                        .isBetween(roundTrip.multipliedBy(3), roundTrip.multipliedBy(layers / 2));
            }
        }
    }

    private static void assumeMounts() {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
    }

    private LazyMount mount(ImageRuntime runtime, String repository) throws IOException {
        Path directory = Files.createDirectory(folder.resolve("mnt"));
        return runtime.mount(
                MountRequest.of(reference(repository), directory).withOptions(ONLY_DEMAND), ProgressListener.NONE);
    }

    @Test
    void anImageThatWasOpenedBeforeAsksNobodyUntilAMissingByteIsRead() {
        put();
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")))) {
            open(runtime).close();
        }
        mirror.clearRequests();
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")));
                OpenedImage image = open(runtime)) {
            assertThat(mirror.requests()).isEmpty();
            assertThat(image.config().diffIds()).hasSize(LAYERS);
            assertThat(read(image.layers().layers().get(7), "f1")).isEqualTo(files(7).get("f1"));
            assertThat(mirror.requests()).hasSize(1);
        }
    }

    private OpenedImage open(ImageRuntime runtime) {
        return runtime.open(reference("app"), Optional.empty(), ONLY_DEMAND, false, ProgressListener.NONE);
    }

    private String reference(String repository) {
        return mirror.hostPort() + "/" + repository + ":latest";
    }

    private void put() {
        put("app", LAYERS);
    }

    private void put(String repository, int layers) {
        EstargzImage.put(
                upstream,
                repository,
                IntStream.range(0, layers)
                        .mapToObj(i -> new EstargzBlob(files(i), 1 << 16, 0))
                        .toList());
    }

    private static Map<String, byte[]> files(int seed) {
        Random random = new Random(seed);
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int i = 0; i < 3; i++) {
            files.put("f" + i, TestTars.randomBytes(random, 300_000));
        }
        return files;
    }

    private static byte[] read(LazyLayer layer, String name) {
        int inode = layer.index().lookup(LayerIndex.ROOT, RawName.of(name));
        byte[] bytes = new byte[(int) layer.index().size(inode)];
        layer.content().read(layer.index().flatOffset(inode), ByteBuffer.wrap(bytes));
        return bytes;
    }

    private static void eventually(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }
}
