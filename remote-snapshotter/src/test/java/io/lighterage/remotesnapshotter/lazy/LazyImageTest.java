package io.lighterage.remotesnapshotter.lazy;

import static io.lighterage.remotesnapshotter.lazy.TestLayer.read;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.disk.LocalStore;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.fetch.FetchListener;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.resolver.Resolvers;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.tar.Tars;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Whole images from a registry: layers without a table of contents, and what is on disk the next time.
@Timeout(60)
class LazyImageTest {
    private final MemoryUpstream upstream = new MemoryUpstream();
    private final List<Descriptor> layers = new ArrayList<>();
    private final List<Digest> diffIds = new ArrayList<>();
    private MirrorServer mirror;

    @TempDir
    Path root;

    @BeforeEach
    void start() {
        mirror = MirrorServer.start(MirrorOptions.defaults(), upstream);
    }

    @AfterEach
    void stop() {
        mirror.close();
    }

    @Test
    void plainLayersArePulledAndReadFromTheirFlatFiles() {
        byte[] big = randomBytes(5_000_001, 1);
        plain(tarOf(dir("d"), file("d/big", big), file("small", "hello"), file("empty", "")));
        plain(tarOf(whiteout("small"), file("d/other", "there")));
        open(image -> {
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
        plain(tarOf(
                file("a", "first of a"),
                file("b", "only b"),
                file("a", "second a"),
                file("c", "first of c"),
                file("c", "then this"),
                file("d", "end")));
        open(image -> {
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
        plain(tar);
        open(image -> {
            LazyLayer layer = image.layers().getFirst();
            byte[] expected = new byte[(int) size];
            System.arraycopy(data, 0, expected, 20_000_000, data.length);
            assertThat(content(layer, "sparse")).isEqualTo(expected);
            assertThat(DiskUse.of(layer.content().path().getParent())).isLessThan(1_000_000);
        });
    }

    @Test
    void anImageThatWasOpenedBeforeNeedsNoRegistry() {
        byte[] big = randomBytes(2_000_000, 2);
        plain(tarOf(file("big", big)));
        open(image -> assertThat(image.layers()).hasSize(1));
        mirror.close();
        open(image -> assertThat(content(image.layers().getFirst(), "big")).isEqualTo(big));
        mirror = MirrorServer.start(MirrorOptions.defaults(), upstream);
    }

    @Test
    void aPulledLayerDamagedOnDiskIsRestored() throws IOException {
        byte[] big = randomBytes(2_000_000, 3);
        plain(tarOf(file("other", randomBytes(100, 1)), file("big", big)));
        open(image -> assertThat(image.layers()).hasSize(1));
        FlatFileTest.flipOnDisk(place().resolve("flat"), 4096 + 1_500_000);
        open(image -> assertThat(content(image.layers().getFirst(), "big")).isEqualTo(big));
    }

    @Test
    void anIndexDamagedOnDiskIsMadeAgain() throws IOException {
        byte[] big = randomBytes(2_000_000, 3);
        plain(tarOf(file("big", big)));
        open(image -> assertThat(image.layers()).hasSize(1));
        FlatFileTest.flipOnDisk(place().resolve("index"), 200);
        open(image -> assertThat(content(image.layers().getFirst(), "big")).isEqualTo(big));
    }

    @Test
    void aLayerThatIsNotWhatTheConfigurationSaysIsRefusedAndLeavesNoIndex() {
        plain(tarOf(file("a", "b")));
        diffIds.set(0, Digest.sha256(bytes("something else")));
        ImageException failure = catchThrowableOfType(ImageException.class, () -> open(image -> {}));
        assertThat(failure.kind()).isEqualTo(ErrorKind.CORRUPT);
        assertThat(failure).hasMessageContaining(layers.getFirst().digest().toString());
        assertThat(place().resolve("index")).doesNotExist();
    }

    @Test
    void twoImagesOfAProcessShareALayer() {
        plain(tarOf(file("a", "b")));
        open(first -> open(second -> {
            assertThat(second.layers().getFirst().content())
                    .isSameAs(first.layers().getFirst().content());
        }));
    }

    @Test
    void aLayerThatComesTwiceInAnImageIsOpenedOnce() {
        plain(tarOf(file("a", "b")));
        layers.add(layers.getFirst());
        diffIds.add(diffIds.getFirst());
        open(image -> assertThat(image.layers().get(1).index())
                .isSameAs(image.layers().get(0).index()));
    }

    @Test
    void layersInUseAreNotEvictedAndOthersAre() {
        plain(tarOf(file("a", randomBytes(1_000_000, 8))));
        LayerCache cache = cache();
        open(image -> {
            assertThat(cache.bytes()).isGreaterThan(1_000_000);
            assertThat(cache.trim(0)).isZero();
            assertThat(content(image.layers().getFirst(), "a")).hasSize(1_000_000);
        });
        assertThat(cache.trim(0)).isGreaterThan(1_000_000);
        assertThat(place().resolve("index")).doesNotExist();
        open(image -> assertThat(content(image.layers().getFirst(), "a")).hasSize(1_000_000));
    }

    /// What a test does with an image.
    private interface Use {
        void of(LazyImage image);
    }

    private LayerCache cache;

    private LayerCache cache() {
        if (cache == null) {
            cache = new LayerCache(root);
        }
        return cache;
    }

    private void open(Use use) {
        ResolverConfig config = ResolverConfig.defaults();
        try (LocalStore store = LocalStore.open(root, (document, bytes) -> List.of(), Clock.systemUTC())) {
            ImageSource source = Resolvers.installed().open(mirror.hostPort() + "/app:latest", config);
            try (LazyImage image = LazyImage.open(
                    cache(),
                    store.namespace("default").content(),
                    source,
                    source.name(),
                    layers,
                    () -> diffIds,
                    LazyOptions.defaults(),
                    new Silent())) {
                use.of(image);
            }
        }
    }

    private void plain(byte[] tar) {
        byte[] blob = gzip(tar);
        Digest digest = upstream.put("app", ByteBuffer.wrap(blob));
        layers.add(new Descriptor(MediaType.OCI_LAYER_GZIP, digest, blob.length));
        diffIds.add(Digest.sha256(tar));
    }

    private Path place() {
        return LayerPlace.directory(root.resolve("layers"), layers.getFirst().digest());
    }

    private static byte[] content(LazyLayer layer, String... path) {
        int inode = LayerIndex.ROOT;
        for (String name : path) {
            inode = layer.index().lookup(inode, RawName.of(name));
        }
        int size = (int) layer.index().size(inode);
        return size == 0 ? new byte[0] : read(layer.content(), layer.index().flatOffset(inode), size);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] randomBytes(int size, long seed) {
        byte[] made = new byte[size];
        new Random(seed).nextBytes(made);
        return made;
    }

    private static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /// Hears nothing.
    private static final class Silent implements FetchListener {
        @Override
        public void waiting(Descriptor blob) {}

        @Override
        public void present(Descriptor blob) {}

        @Override
        public void started(Descriptor blob, long resumed) {}

        @Override
        public void received(Descriptor blob, long bytes) {}

        @Override
        public void stored(Descriptor blob) {}
    }
}
