package io.lighterage.remotesnapshotter.lazy;

import static io.lighterage.remotesnapshotter.lazy.FlatFileTest.files;
import static io.lighterage.remotesnapshotter.lazy.ImageBench.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.tar.Tars;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Images whose layers have a table of contents, over a real registry.
@Timeout(60)
class LazyLayersTest {
    private static final int CHUNK = 64 << 10;
    private static final LazyOptions ONLY_DEMAND = LazyOptions.defaults().withBackground(false);

    @TempDir
    Path root;

    @Test
    void allLayersAreOpenedWithOneRequestEachAtTheSameTime() {
        try (ImageBench bench = new ImageBench(root)) {
            int layers = 20;
            for (int i = 0; i < layers; i++) {
                bench.add(new EstargzBlob(named("layer" + i, 3, 200_000, i), CHUNK, 0));
            }
            CountDownLatch gate = new CountDownLatch(1);
            bench.mirror().faults().nextBlobs(layers, new Fault.Hold(gate));
            try (TaskGroup group = new TaskGroup("opening")) {
                group.fork(() -> {
                    bench.open(ONLY_DEMAND, image -> {
                        assertThat(bench.blobRequests()).hasSize(layers);
                        for (int layer = 0; layer < layers; layer++) {
                            String name = "layer" + layer + "-1";
                            assertThat(content(image.layers().get(layer), name))
                                    .isEqualTo(named("layer" + layer, 3, 200_000, layer)
                                            .get(name));
                        }
                    });
                    return null;
                });
                eventually(
                        "a request of every layer in flight",
                        () -> bench.mirror().requests().size() == layers);
                gate.countDown();
                group.join();
            }
            assertThat(bench.blobRequests().size()).as("the reads came, too").isGreaterThan(layers);
        }
    }

    @Test
    void onlyWhatIsReadIsFetched() {
        try (ImageBench bench = new ImageBench(root)) {
            Map<String, byte[]> files = files(100, CHUNK);
            bench.add(new EstargzBlob(files, CHUNK, 0));
            bench.open(ONLY_DEMAND, image -> {
                LazyLayer layer = image.layers().getFirst();
                assertThat(content(layer, "f17")).isEqualTo(files.get("f17"));
                assertThat(layer.content().bytesHere()).isLessThan(3 * CHUNK);
                assertThat(layer.content().bytesTotal()).isEqualTo(100L * CHUNK);
                assertThat(layer.statistics().requests()).isEqualTo(1);
            });
        }
    }

    @Test
    void everythingComesInTheBackground() {
        try (ImageBench bench = new ImageBench(root)) {
            Map<String, byte[]> files = files(200, CHUNK);
            bench.add(new EstargzBlob(files, CHUNK, 10));
            bench.open(image -> eventually(
                    "the layer is complete",
                    () -> image.layers().getFirst().content().complete()));
            bench.mirror().close();
            bench.open(image -> files.forEach((name, bytes) ->
                    assertThat(content(image.layers().getFirst(), name)).isEqualTo(bytes)));
        }
    }

    @Test
    void withoutBackgroundThePrioritizedRangeComesAllTheSame() {
        try (ImageBench bench = new ImageBench(root)) {
            bench.add(new EstargzBlob(files(200, CHUNK), CHUNK, 10));
            bench.open(ONLY_DEMAND, image -> {
                FlatFile content = image.layers().getFirst().content();
                eventually("the prioritized files are here", () -> content.bytesHere() >= 10 * CHUNK);
                assertThat(content.complete()).isFalse();
            });
        }
    }

    @Test
    void ofWhatAStartReadsAllComesAndNothingElse() {
        try (ImageBench bench = new ImageBench(root)) {
            bench.add(EstargzBlob.withTurns(files(200, 3 * CHUNK), CHUNK, Map.of("f3", 1, "f150", 4)));
            bench.add(EstargzBlob.withTurns(named("above", 100, CHUNK, 8), CHUNK, Map.of("above-7", 2, "above-50", 3)));
            bench.open(ONLY_DEMAND, image -> {
                for (LazyLayer layer : image.layers()) {
                    FlatFile content = layer.content();
                    eventually("both parts are here", () -> content.bytesHere() >= 2 * CHUNK);
                    assertThat(content.bytesHere()).isEqualTo(2 * CHUNK);
                    LayerIndex index = layer.index();
                    for (int position = 0; position < index.priorities().count(); position++) {
                        int chunk = index.priorities().chunk(position);
                        assertThat(content.isHere(index.chunkFlatOffset(chunk), CHUNK))
                                .isTrue();
                    }
                }
            });
        }
    }

    @Test
    void aTableOfContentsOfAnotherDigestIsRefusedAndNotReplacedByAPull() {
        try (ImageBench bench = new ImageBench(root)) {
            EstargzBlob blob = new EstargzBlob(files(3, 1000), CHUNK, 0);
            bench.add(blob.withWrongTocDigest(), blob.bytes());
            ImageException failure = catchThrowableOfType(ImageException.class, () -> bench.open(image -> {}));
            assertThat(failure.kind()).isEqualTo(ErrorKind.CORRUPT);
            assertThat(failure)
                    .hasMessageContaining(blob.descriptor().digest().toString())
                    .hasMessageContaining("table of contents");
            assertThat(bench.blobRequests()).hasSize(1);
        }
    }

    @Test
    void lazyAndPlainLayersMix() {
        try (ImageBench bench = new ImageBench(root)) {
            Map<String, byte[]> files = files(5, 100_000);
            bench.addPlain(Tars.tarOf(Tars.file("plain", "text")));
            bench.add(new EstargzBlob(files, CHUNK, 0));
            bench.open(ONLY_DEMAND, image -> {
                assertThat(content(image.layers().get(0), "plain")).asString().isEqualTo("text");
                assertThat(content(image.layers().get(1), "f3")).isEqualTo(files.get("f3"));
            });
        }
    }

    @Test
    void anOpenedLayerIsOpenedAgainWithoutTheRegistryUntilAMissingByteIsRead() {
        try (ImageBench bench = new ImageBench(root)) {
            Map<String, byte[]> files = files(100, CHUNK);
            bench.add(new EstargzBlob(files, CHUNK, 0));
            bench.open(
                    ONLY_DEMAND,
                    image ->
                            assertThat(content(image.layers().getFirst(), "f1")).hasSize(CHUNK));
            bench.mirror().clearRequests();
            bench.open(ONLY_DEMAND, image -> {
                assertThat(content(image.layers().getFirst(), "f1")).isEqualTo(files.get("f1"));
                assertThat(bench.mirror().requests()).isEmpty();
                assertThat(content(image.layers().getFirst(), "f50")).isEqualTo(files.get("f50"));
                assertThat(bench.mirror().requests()).isNotEmpty();
            });
        }
    }

    @Test
    void anIndexFlippedOnDiskIsMadeAgainAndTheContentKept() throws IOException {
        try (ImageBench bench = new ImageBench(root)) {
            Map<String, byte[]> files = files(100, CHUNK);
            bench.add(new EstargzBlob(files, CHUNK, 0));
            bench.open(
                    ONLY_DEMAND,
                    image ->
                            assertThat(content(image.layers().getFirst(), "f1")).hasSize(CHUNK));
            FlatFileTest.flipOnDisk(bench.place().resolve("index"), 300);
            bench.open(ONLY_DEMAND, image -> {
                bench.mirror().clearRequests();
                assertThat(content(image.layers().getFirst(), "f1")).isEqualTo(files.get("f1"));
                assertThat(bench.mirror().requests()).isEmpty();
            });
        }
    }

    @Test
    void tokensAreRenewedWhileMounted() {
        MirrorOptions options = MirrorOptions.defaults().withTokens("me", "s3cret");
        try (ImageBench bench = new ImageBench(root, options).withCredentials("me:s3cret")) {
            Map<String, byte[]> files = files(100, CHUNK);
            bench.add(new EstargzBlob(files, CHUNK, 0));
            bench.open(ONLY_DEMAND, image -> {
                bench.mirror().revokeTokens();
                assertThat(content(image.layers().getFirst(), "f50")).isEqualTo(files.get("f50"));
            });
        }
    }

    @Test
    void aRegistryThatFallsSilentIsUnavailableInTime() {
        try (ImageBench bench = new ImageBench(root)) {
            Map<String, byte[]> files = files(100, CHUNK);
            bench.add(new EstargzBlob(files, CHUNK, 0));
            bench.open(ONLY_DEMAND.withReadTimeout(Duration.ofMillis(300)), image -> {
                bench.mirror().faults().nextBlobs(1, new Fault.Stall(1000));
                ImageException failure = catchThrowableOfType(
                        ImageException.class, () -> content(image.layers().getFirst(), "f50"));
                assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
                assertThat(failure).hasMessageContaining("f50").hasMessageContaining("1000 of");
                bench.mirror().faults().releaseStalled();
                assertThat(content(image.layers().getFirst(), "f70")).isEqualTo(files.get("f70"));
            });
        }
    }

    @Test
    void bytesFlippedOnTheWireAreFetchedAgain() {
        try (ImageBench bench = new ImageBench(root)) {
            Map<String, byte[]> files = files(100, CHUNK);
            bench.add(new EstargzBlob(files, CHUNK, 0));
            bench.open(ONLY_DEMAND, image -> {
                bench.mirror().faults().nextBlobs(1, new Fault.Flip(1000));
                assertThat(content(image.layers().getFirst(), "f50")).isEqualTo(files.get("f50"));
            });
        }
    }

    static Map<String, byte[]> named(String prefix, int count, int size, long seed) {
        Random random = new Random(seed);
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            files.put(prefix + "-" + i, bytes);
        }
        return files;
    }

    static void eventually(String what, BooleanSupplier condition) {
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
