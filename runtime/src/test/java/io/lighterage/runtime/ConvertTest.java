package io.lighterage.runtime;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.manifest.Manifest;
import io.lighterage.contentstore.manifest.ManifestParser;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.resolver.PlatformMatcher;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.stargz.format.LayerForm;
import io.lighterage.stargz.format.PriorityList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ConvertTest {
    private static final byte[] BASE = tarOf(
            dir("a"), file("a/x", "x"), file("a/gone", "g"), file("big", TestTars.randomBytes(new Random(3), 300_000)));
    private static final byte[] TOP =
            tarOf(file("b", "b"), hardlink("c", "b"), symlink("d", "a/x"), whiteout("a/gone"), file("e", ""));

    @TempDir
    Path folder;

    private final MemoryUpstream upstream = new MemoryUpstream();
    private MirrorServer mirror;
    private ImageRuntime runtime;
    private String layout;

    @BeforeEach
    void start() {
        mirror = MirrorServer.start(MirrorOptions.defaults().withPush(), upstream);
        ResolverConfig plain = new ResolverConfig(
                Optional.empty(),
                Optional.empty(),
                true,
                Optional.empty(),
                true,
                4,
                Duration.ofSeconds(10),
                1,
                Map.of());
        runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")).withResolver(plain));
        layout = "oci:" + folder.resolve("layout");
    }

    @AfterEach
    void stop() {
        runtime.close();
        mirror.close();
    }

    private ConvertedImage convert(String from, String to, ConvertOptions options) {
        return runtime.convert(from, to, options, ProgressListener.NONE);
    }

    private ConvertedImage convert(String from, String to, LayerForm form) {
        return convert(from, to, ConvertOptions.to(form));
    }

    private String source(String name) {
        return mirror.hostPort() + "/" + name + ":latest";
    }

    private TreeListing tree(String reference) {
        Path target = folder.resolve("tree-" + Integer.toHexString(reference.hashCode()));
        runtime.unpack(reference, Optional.empty(), target, UnpackForm.MERGED, ProgressListener.NONE);
        return TreeListing.of(target);
    }

    private Manifest read(Descriptor descriptor) throws IOException {
        return ManifestParser.parse(descriptor, Files.readAllBytes(blob(descriptor)));
    }

    private Path blob(Descriptor descriptor) {
        return folder.resolve("layout/blobs/sha256").resolve(descriptor.digest().hex());
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void aConvertedImageUnpacksToTheSameTree(LayerForm form) throws IOException {
        TestImage.put(upstream, "app", BASE, TOP);
        ConvertedImage made = convert(source("app"), layout + ":v1", form);
        assertThat(made.converted()).isEqualTo(2);
        assertThat(made.target().mediaType()).isEqualTo(MediaType.OCI_MANIFEST);
        Manifest.Image image = (Manifest.Image) read(made.target());
        assertThat(image.layers())
                .allMatch(form::describes)
                .allMatch(layer -> layer.mediaType().equals(form.mediaType()));
        assertThat(tree(layout + ":v1").differences(tree(source("app")), TreeListing.Ignore.ROOT))
                .filteredOn(line -> !line.contains("landmark") && !line.contains("stargz.index.json"))
                .isEmpty();
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void theSameImageConvertsToTheSameDigest(LayerForm form) {
        TestImage.put(upstream, "app", BASE, TOP);
        ConvertedImage first = convert(source("app"), layout + ":v1", form);
        ConvertedImage second = convert(source("app"), "oci:" + folder.resolve("other"), form);
        assertThat(second.target()).isEqualTo(first.target());
    }

    @Test
    void everyPlatformOfAnIndexIsConvertedAndSharedLayersOnce() throws IOException {
        putIndex();
        ConvertedImage made = convert(source("multi"), layout + ":v1", LayerForm.ESTARGZ);
        assertThat(made.images()).isEqualTo(2);
        assertThat(made.converted()).isEqualTo(2);
        Manifest.Index index = (Manifest.Index) read(made.target());
        assertThat(index.manifests())
                .extracting(entry -> entry.platform().orElseThrow().toString())
                .containsExactly("linux/amd64", "linux/arm64");
        assertThat(index.annotations()).containsEntry("kept", "yes");

        ConvertOptions one = new ConvertOptions(
                LayerForm.ESTARGZ,
                OptionalInt.empty(),
                PriorityList.NONE,
                Optional.of(PlatformMatcher.parse("linux/arm64")));
        ConvertedImage arm = convert(source("multi"), layout + ":arm", one);
        assertThat(((Manifest.Index) read(arm.target())).manifests())
                .containsExactly(index.manifests().get(1));
    }

    /// Two platforms that share a layer, and an attestation.
    private void putIndex() {
        TestImage amd = TestImage.put(upstream, "multi", BASE);
        TestImage arm = new TestImage.Builder(upstream, "multi")
                .platform("linux", "arm64")
                .layers(BASE, TOP)
                .put("arm");
        String entries = entry(amd, "amd64", "") + "," + entry(arm, "arm64", "") + ","
                + entry(amd, "unknown", ",\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}");
        upstream.putManifest(
                "multi",
                "latest",
                MediaType.OCI_INDEX,
                TestImage.bytes(
                        "{\"schemaVersion\":2,\"manifests\":[" + entries + "],\"annotations\":{\"kept\":\"yes\"}}"));
    }

    private String entry(TestImage image, String architecture, String more) {
        long size = upstream.manifest("multi", image.manifest().toString())
                .orElseThrow()
                .content()
                .remaining();
        String descriptor = TestImage.descriptor(MediaType.OCI_MANIFEST, image.manifest(), size);
        return descriptor.substring(0, descriptor.length() - 1) + ",\"platform\":{\"os\":\""
                + (architecture.equals("unknown") ? "unknown" : "linux") + "\",\"architecture\":\"" + architecture
                + "\"}" + more + "}";
    }

    @Test
    void aLayoutKeepsItsOtherImagesAndATagIsReplaced() throws IOException {
        TestImage.put(upstream, "one", BASE);
        TestImage.put(upstream, "two", TOP);
        ConvertedImage one = convert(source("one"), layout + ":one", LayerForm.ESTARGZ);
        convert(source("one"), layout + ":two", LayerForm.ESTARGZ);
        ConvertedImage two = convert(source("two"), layout + ":two", LayerForm.ESTARGZ);
        assertThat(runtime.documents(layout + ":one", Optional.empty(), true)
                        .target()
                        .digest())
                .isEqualTo(one.target().digest());
        assertThat(runtime.documents(layout + ":two", Optional.empty(), true)
                        .target()
                        .digest())
                .isEqualTo(two.target().digest());
        try (var names = Files.list(folder.resolve("layout"))) {
            assertThat(names.map(name -> name.getFileName().toString()))
                    .containsExactlyInAnyOrder("blobs", "index.json", "oci-layout");
        }
    }

    @Test
    void layersThatHaveTheFormAreKept() {
        TestImage.put(upstream, "app", BASE, TOP);
        ConvertedImage first = convert(source("app"), layout + ":v1", LayerForm.ESTARGZ);
        ConvertedImage second = convert(layout + ":v1", layout + ":v2", LayerForm.ESTARGZ);
        assertThat(second.kept()).isEqualTo(2);
        assertThat(second.target().digest()).isEqualTo(first.target().digest());
        ConvertedImage other = convert(layout + ":v1", layout + ":v3", LayerForm.ZSTD_CHUNKED);
        assertThat(other.kept()).isZero();
        assertThat(tree(layout + ":v3").differences(tree(source("app")), TreeListing.Ignore.ROOT))
                .isEmpty();
    }

    @Test
    void aLayerThatIsNotWhatTheConfigurationSaysIsRefused() {
        new TestImage.Builder(upstream, "lies")
                .blob(TestImage.gzip(BASE), Digest.sha256(TOP))
                .put("latest");
        assertThatThrownBy(() -> convert(source("lies"), layout + ":v1", LayerForm.ESTARGZ))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CORRUPT));
        assertThat(folder.resolve("layout/index.json")).doesNotExist();
    }

    @Test
    void aDirectoryThatIsNoLayoutIsLeftAlone() throws IOException {
        TestImage.put(upstream, "app", BASE);
        Files.createDirectories(folder.resolve("layout"));
        Files.writeString(folder.resolve("layout/precious"), "alive");
        assertThatThrownBy(() -> convert(source("app"), layout, LayerForm.ESTARGZ))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PRECONDITION));
        try (var names = Files.list(folder.resolve("layout"))) {
            assertThat(names).containsExactly(folder.resolve("layout/precious"));
        }
    }

    @Test
    void aListOrdersEveryLayer() {
        TestImage.put(upstream, "app", BASE, TOP);
        PriorityList list = PriorityList.parse("/big\n/b\n".getBytes(StandardCharsets.UTF_8));
        ConvertedImage made = convert(
                source("app"),
                layout,
                new ConvertOptions(LayerForm.ESTARGZ, OptionalInt.of(4096), list, Optional.empty()));
        assertThat(made.converted()).isEqualTo(2);
        assertThat(tree(layout).differences(tree(source("app")), TreeListing.Ignore.ROOT))
                .filteredOn(line -> !line.contains("landmark") && !line.contains("stargz.index.json"))
                .isEmpty();
    }

    @Test
    void twoConversionsIntoOneLayoutAtOnceBothAppear() throws Exception {
        TestImage.put(upstream, "one", BASE);
        TestImage.put(upstream, "two", TOP);
        List<Thread> threads = List.of("one", "two").stream()
                .map(name -> Thread.ofVirtual()
                        .start(() -> convert(source(name), layout + ":" + name, LayerForm.ZSTD_CHUNKED)))
                .toList();
        for (Thread thread : threads) {
            thread.join();
        }
        for (String name : List.of("one", "two")) {
            assertThat(runtime.documents(layout + ":" + name, Optional.empty(), true)
                            .name())
                    .endsWith(":" + name);
        }
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void aRegistryTakesWhatALayoutTakes(LayerForm form) {
        putIndex();
        String pushed = mirror.hostPort() + "/new/name:v2";
        ConvertedImage made = convert(source("multi"), pushed, form);
        assertThat(made.target())
                .isEqualTo(convert(source("multi"), layout, form).target());
        assertThat(runtime.documents(pushed, Optional.empty(), true).target().digest())
                .isEqualTo(made.target().digest());
        assertThat(runtime.pull(pushed, Optional.empty(), ProgressListener.NONE)
                        .manifest()
                        .layers())
                .allMatch(form::describes);
        long sent = uploads();
        convert(source("multi"), pushed, form);
        assertThat(uploads()).as("blobs that are there are not sent again").isEqualTo(sent);
    }

    private long uploads() {
        return mirror.requests().stream()
                .filter(request -> request.method().equals("POST"))
                .count();
    }

    @Test
    void aRegistryThatWantsATokenGetsItForPushing() {
        MemoryUpstream there = new MemoryUpstream();
        try (MirrorServer registry =
                MirrorServer.start(MirrorOptions.defaults().withPush().withTokens("alice", "s3cret"), there)) {
            TestImage.put(upstream, "app", BASE, TOP);
            convert(source("app"), layout + ":v1", LayerForm.ESTARGZ);
            ResolverConfig known = new ResolverConfig(
                    Optional.empty(),
                    Optional.of("alice:s3cret"),
                    true,
                    Optional.empty(),
                    true,
                    4,
                    Duration.ofSeconds(10),
                    1,
                    Map.of());
            try (ImageRuntime second =
                    ImageRuntime.open(RuntimeConfig.at(folder.resolve("second")).withResolver(known))) {
                ConvertedImage pushed = second.convert(
                        layout + ":v1",
                        registry.hostPort() + "/app:v1",
                        ConvertOptions.to(LayerForm.ESTARGZ),
                        ProgressListener.NONE);
                assertThat(there.manifest("app", "v1").orElseThrow().digest())
                        .isEqualTo(pushed.target().digest());
            }
            assertThatThrownBy(() -> convert(layout + ":v1", registry.hostPort() + "/app:v2", LayerForm.ESTARGZ))
                    .isInstanceOf(ImageException.class);
            assertThat(there.manifest("app", "v2")).isEmpty();
        }
    }
}
