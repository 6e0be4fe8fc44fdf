package io.lighterage.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.mirror.RequestRecord;
import io.lighterage.remotesnapshotter.lazy.EstargzBlob;
import io.lighterage.remotesnapshotter.lazy.LazyLayer;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        return runtime.open(
                mirror.hostPort() + "/app:latest", Optional.empty(), ONLY_DEMAND, false, ProgressListener.NONE);
    }

    private void put() {
        StringBuilder list = new StringBuilder();
        for (int i = 0; i < LAYERS; i++) {
            EstargzBlob blob = new EstargzBlob(files(i), 1 << 16, 0);
            upstream.put("app", ByteBuffer.wrap(blob.bytes()));
            list.append(i == 0 ? "" : ",").append(json(blob.descriptor()));
        }
        String diffIds = IntStream.range(0, LAYERS)
                .mapToObj(i -> "\"" + Digest.sha256(new byte[] {(byte) i}) + "\"")
                .collect(Collectors.joining(","));
        String config = "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{},\"rootfs\":{\"type\":\"layers\","
                + "\"diff_ids\":[" + diffIds + "]}}";
        Digest configDigest = upstream.put("app", TestImage.bytes(config));
        String manifest = "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_MANIFEST + "\",\"config\":"
                + TestImage.descriptor(MediaType.OCI_CONFIG, configDigest, config.length()) + ",\"layers\":[" + list
                + "]}";
        Digest digest = upstream.putManifest("app", "only", MediaType.OCI_MANIFEST, TestImage.bytes(manifest));
        String entry = TestImage.descriptor(MediaType.OCI_MANIFEST, digest, manifest.length())
                .replaceFirst("}$", ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}");
        upstream.putManifest(
                "app",
                "latest",
                MediaType.OCI_INDEX,
                TestImage.bytes("{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_INDEX + "\",\"manifests\":["
                        + entry + "]}"));
    }

    private static String json(Descriptor layer) {
        String annotations = layer.annotations().entrySet().stream()
                .map(each -> "\"" + each.getKey() + "\":\"" + each.getValue() + "\"")
                .collect(Collectors.joining(","));
        return TestImage.descriptor(layer.mediaType(), layer.digest(), layer.size())
                .replaceFirst("}$", ",\"annotations\":{" + annotations + "}}");
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
