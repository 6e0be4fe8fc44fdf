package io.lighterage.remotesnapshotter.lazy;

import static io.lighterage.remotesnapshotter.lazy.ImageBench.content;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.mirror.Fault;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.tar.Tars;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Whole images from a registry: layers without a table of contents, and what is on disk the next time.
@Timeout(60)
class LazyImageTest {
    private ImageBench bench;

    @TempDir
    Path root;

    @BeforeEach
    void start() {
        bench = new ImageBench(root);
    }

    @AfterEach
    void stop() {
        bench.close();
    }

    @Test
    void plainLayersArePulledAndReadFromTheirFlatFiles() {
        byte[] big = randomBytes(5_000_001, 1);
        bench.addPlain(tarOf(dir("d"), file("d/big", big), file("small", "hello"), file("empty", "")));
        bench.addPlain(tarOf(whiteout("small"), file("d/other", "there")));
        bench.open(image -> {
            LazyLayer base = image.layers().getFirst();
            assertThat(base.index().encoding()).isEqualTo(Encoding.NONE);
            assertThat(content(base, "d", "big")).isEqualTo(big);
            assertThat(content(base, "small")).isEqualTo(bytes("hello"));
            assertThat(content(base, "empty")).isEmpty();
            assertThat(base.content().complete()).isTrue();
            LazyLayer top = image.layers().getLast();
            assertThat(content(top, "d", "other")).isEqualTo(bytes("there"));
            assertThat(top.index().kind(top.index().lookup(LayerIndex.ROOT, RawName.of("small"))))
                    .isEqualTo(LayerIndex.Kind.WHITEOUT);
        });
    }

    @Test
    void aPathThatComesTwiceIsWhatCameLast() {
        bench.addPlain(tarOf(
                file("a", "first of a"),
                file("b", "only b"),
                file("a", "second a"),
                file("c", "first of c"),
                file("c", "then this"),
                file("d", "end")));
        bench.open(image -> {
            LazyLayer layer = image.layers().getFirst();
            assertThat(content(layer, "a")).isEqualTo(bytes("second a"));
            assertThat(content(layer, "b")).isEqualTo(bytes("only b"));
            assertThat(content(layer, "c")).isEqualTo(bytes("then this"));
            assertThat(content(layer, "d")).isEqualTo(bytes("end"));
        });
    }

    @Test
    void holesStayHolesAndReadAsZeros() {
        byte[] data = randomBytes(10_000, 4);
        long size = 50_000_000;
        byte[] tar = tarOf(
                Tars.pax(
                        "GNU.sparse.major",
                        "0",
                        "GNU.sparse.minor",
                        "1",
                        "GNU.sparse.name",
                        "sparse",
                        "GNU.sparse.size",
                        "" + size,
                        "GNU.sparse.numblocks",
                        "1",
                        "GNU.sparse.map",
                        "20000000,10000"),
                file("sparse", data));
        bench.addPlain(tar);
        bench.open(image -> {
            LazyLayer layer = image.layers().getFirst();
            byte[] expected = new byte[(int) size];
            System.arraycopy(data, 0, expected, 20_000_000, data.length);
            assertThat(content(layer, "sparse")).isEqualTo(expected);
            assertThat(DiskUse.of(bench.place())).isLessThan(1_000_000);
        });
    }

    @Test
    void anImageThatWasOpenedBeforeNeedsNoRegistry() {
        byte[] big = randomBytes(2_000_000, 2);
        bench.addPlain(tarOf(file("big", big)));
        bench.open(image -> assertThat(image.layers()).hasSize(1));
        bench.mirror().close();
        bench.open(
                image -> assertThat(content(image.layers().getFirst(), "big")).isEqualTo(big));
        bench.restart();
    }

    @Test
    void aPulledLayerDamagedOnDiskIsRestored() throws IOException {
        byte[] big = randomBytes(2_000_000, 3);
        bench.addPlain(tarOf(file("other", randomBytes(100, 1)), file("big", big)));
        bench.open(image -> assertThat(image.layers()).hasSize(1));
        FlatFileTest.flipOnDisk(bench.place().resolve("flat"), 4096 + 1_500_000);
        bench.open(
                image -> assertThat(content(image.layers().getFirst(), "big")).isEqualTo(big));
    }

    @Test
    void anIndexDamagedOnDiskIsMadeAgain() throws IOException {
        byte[] big = randomBytes(2_000_000, 3);
        bench.addPlain(tarOf(file("big", big)));
        bench.open(image -> assertThat(image.layers()).hasSize(1));
        FlatFileTest.flipOnDisk(bench.place().resolve("index"), 200);
        bench.open(
                image -> assertThat(content(image.layers().getFirst(), "big")).isEqualTo(big));
    }

    @Test
    void aLayerThatIsNotWhatTheConfigurationSaysIsRefusedAndLeavesNoIndex() {
        bench.addPlain(tarOf(file("a", "b")));
        bench.diffIds().set(0, Digest.sha256(bytes("something else")));
        ImageException failure = catchThrowableOfType(ImageException.class, () -> bench.open(image -> {}));
        assertThat(failure.kind()).isEqualTo(ErrorKind.CORRUPT);
        assertThat(failure)
                .hasMessageContaining(bench.layers().getFirst().digest().toString());
        assertThat(bench.place().resolve("index")).doesNotExist();
    }

    @Test
    void aPullThatStandsStillEndsWhenItsThreadIsInterrupted() throws Exception {
        bench.addPlain(tarOf(file("a", randomBytes(3_000_000, 9))));
        bench.mirror().faults().nextBlobs(1, new Fault.Stall(1_000_000));
        AtomicReference<ErrorKind> kind = new AtomicReference<>();
        Thread opening = Thread.ofVirtual().start(() -> {
            try {
                bench.open(image -> {});
            } catch (ImageException e) {
                kind.set(e.kind());
            }
        });
        LazyLayersTest.eventually(
                "the pull has begun", () -> !bench.mirror().requests().isEmpty());
        opening.interrupt();
        assertThat(opening.join(Duration.ofSeconds(20))).isTrue();
        assertThat(kind).hasValue(ErrorKind.CANCELLED);
        bench.mirror().faults().releaseStalled();
        bench.open(image -> assertThat(content(image.layers().getFirst(), "a")).hasSize(3_000_000));
    }

    @Test
    void twoImagesOfAProcessShareALayer() {
        bench.addPlain(tarOf(file("a", "b")));
        bench.open(first -> bench.open(second -> {
            assertThat(second.layers().getFirst().content())
                    .isSameAs(first.layers().getFirst().content());
        }));
    }

    @Test
    void aLayerThatComesTwiceInAnImageIsOpenedOnce() {
        bench.addPlain(tarOf(file("a", "b")));
        bench.layers().add(bench.layers().getFirst());
        bench.diffIds().add(bench.diffIds().getFirst());
        bench.open(image -> assertThat(image.layers().get(1).index())
                .isSameAs(image.layers().get(0).index()));
    }

    @Test
    void layersInUseAreNotEvictedAndOthersAre() {
        bench.addPlain(tarOf(file("a", randomBytes(1_000_000, 8))));
        LayerCache cache = bench.cache();
        bench.open(image -> {
            assertThat(cache.bytes()).isGreaterThan(1_000_000);
            assertThat(cache.trim(0)).isZero();
            assertThat(content(image.layers().getFirst(), "a")).hasSize(1_000_000);
        });
        assertThat(cache.trim(0)).isGreaterThan(1_000_000);
        assertThat(bench.place().resolve("index")).doesNotExist();
        bench.open(image -> assertThat(content(image.layers().getFirst(), "a")).hasSize(1_000_000));
    }

    @Test
    void aQuotaIsKeptWhenTheLastReaderGoes() {
        bench.addPlain(tarOf(file("a", randomBytes(1_000_000, 9))));
        LazyOptions most = LazyOptions.defaults().withLayersQuota(2_000_000);
        bench.open(most, image -> {});
        assertThat(bench.cache().bytes()).as("it fits").isGreaterThan(1_000_000);
        bench.open(
                most.withLayersQuota(500_000),
                image -> assertThat(content(image.layers().getFirst(), "a"))
                        .as("a layer in use stays")
                        .hasSize(1_000_000));
        assertThat(bench.cache().bytes()).isLessThan(500_000);
    }

    @Test
    void theLayerThatWasUsedLongestAgoIsEvictedFirst() {
        long total = threeLayersUsedOneAfterAnother();
        bench.openOnly(0, LazyOptions.defaults(), image -> {});
        assertThat(bench.cache().trim(total - 1)).isBetween(1_000_000L, 2_000_000L);
        assertThat(layersHere()).containsExactly(0, 2);
    }

    @Test
    void insteadOfALayerInUseTheNextOneIsEvicted() {
        long total = threeLayersUsedOneAfterAnother();
        bench.openOnly(0, LazyOptions.defaults(), image -> {
            setLastUse(0, Duration.ofDays(9)); // as one that is mounted for long
            assertThat(bench.cache().trim(total - 1)).isBetween(1_000_000L, 2_000_000L);
            assertThat(layersHere()).containsExactly(0, 2);
            assertThat(bench.cache().trim(0)).isBetween(1_000_000L, 2_000_000L);
            assertThat(layersHere()).containsExactly(0);
            assertThat(content(image.layers().getFirst(), "a")).hasSize(1_000_000);
        });
    }

    @Test
    void aQuotaForTwoLayersKeepsTheTwoUsedLast() {
        long total = threeLayersUsedOneAfterAnother();
        bench.openOnly(0, LazyOptions.defaults().withLayersQuota(total - 1), image -> {});
        assertThat(layersHere()).containsExactly(0, 2);
        assertThat(bench.cache().bytes()).isBetween(2_000_000L, total - 1);
    }

    /// @return what they take on disk
    private long threeLayersUsedOneAfterAnother() {
        for (int i = 0; i < 3; i++) {
            bench.addPlain(tarOf(file("a", randomBytes(1_000_000, i))));
        }
        bench.open(image -> {});
        for (int i = 0; i < 3; i++) {
            setLastUse(i, Duration.ofDays(3 - i));
        }
        return bench.cache().bytes();
    }

    private void setLastUse(int layer, Duration ago) {
        File lock = bench.place(layer).resolve("lock").toFile();
        assertThat(lock.setLastModified(Instant.now().minus(ago).toEpochMilli()))
                .isTrue();
    }

    private List<Integer> layersHere() {
        return IntStream.range(0, bench.layers().size())
                .filter(layer -> Files.exists(bench.place(layer).resolve("index")))
                .boxed()
                .toList();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] randomBytes(int size, long seed) {
        byte[] made = new byte[size];
        new Random(seed).nextBytes(made);
        return made;
    }
}
