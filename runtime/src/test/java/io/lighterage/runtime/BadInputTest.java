package io.lighterage.runtime;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Store.FsckReport;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.resolver.ResolverConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a hostile or broken registry or image gets: a named error, and a store and a disk as they were.
class BadInputTest {
    private static final Random RANDOM = new Random(11);
    private static final byte[] BIG = TestTars.randomFiles(RANDOM, 3, 700_000);

    @TempDir
    Path folder;

    private final MemoryUpstream upstream = new MemoryUpstream();
    private MirrorServer mirror;
    private ImageRuntime runtime;

    @BeforeEach
    void start() throws IOException {
        mirror = MirrorServer.start(MirrorOptions.defaults(), upstream);
        ResolverConfig defaults = ResolverConfig.defaults();
        ResolverConfig quick = new ResolverConfig(
                Optional.empty(),
                Optional.empty(),
                true,
                Optional.empty(),
                true,
                4,
                Duration.ofMillis(400),
                3,
                Map.of());
        assertThat(defaults.retries()).isPositive();
        runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")).withResolver(quick));
        Files.writeString(folder.resolve("canary"), "alive");
    }

    @AfterEach
    void nothingIsDamaged() throws IOException {
        FsckReport report = runtime.store().fsck((blobs, ofBlobs, bytes, ofBytes) -> {});
        assertThat(report).matches(FsckReport::clean);
        assertThat(folder.resolve("canary")).hasContent("alive");
        try (var names = Files.list(folder)) {
            assertThat(names.map(name -> String.valueOf(name.getFileName())))
                    .as("nothing is left beside the target")
                    .isSubsetOf("canary", "root", "tree", "victim");
        }
        runtime.close();
        mirror.close();
    }

    @Test
    void aLayerWithAnotherDigestIsCorruptAndNotStored() {
        TestImage image = TestImage.put(upstream, "app", BIG);
        mirror.faults().next(99, "GET", path -> path.contains(layer(image)), new Fault.Flip(1000));
        unpackFails(ErrorKind.CORRUPT, layer(image));
        assertNotStored(image);
        mirror.faults().clear();
        unpackSucceeds();
    }

    @Test
    void aLayerLongerThanItsDescriptorIsCorrupt() {
        TestImage image = TestImage.put(upstream, "app", BIG);
        mirror.faults().next(99, "GET", path -> path.contains(layer(image)), new Fault.Longer(5));
        unpackFails(ErrorKind.CORRUPT, "");
        assertNotStored(image);
    }

    @ParameterizedTest
    @CsvSource({"1", "-1", "100000"})
    void aDescriptorWithTheWrongSizeIsCorrupt(long error) {
        TestImage image = new TestImage.Builder(upstream, "app")
                .layers(BIG)
                .sizeError(error)
                .put("latest");
        unpackFails(ErrorKind.CORRUPT, "");
        assertNotStored(image);
    }

    @Test
    void cutsAtRandomBytesAreResumed() {
        TestImage image = TestImage.put(upstream, "app", BIG);
        for (int i = 0; i < 3; i++) {
            Fault cut = new Fault.Cut(RANDOM.nextInt(500_000));
            mirror.faults().next(1, "GET", path -> path.contains(layer(image)), cut);
        }
        unpackSucceeds();
    }

    @Test
    void aServerThatAlwaysCutsIsUnavailableAndWhatCameIsKept() {
        TestImage image = TestImage.put(upstream, "app", BIG);
        mirror.faults().next(99, "GET", path -> path.contains(layer(image)), new Fault.Drop());
        unpackFails(ErrorKind.UNAVAILABLE, "");
        mirror.faults().clear();
        unpackSucceeds();
    }

    @Test
    void aStalledTransferIsTakenUpAgain() {
        TestImage image = TestImage.put(upstream, "app", BIG);
        mirror.faults().next(1, "GET", path -> path.contains(layer(image)), new Fault.Stall(300_000));
        unpackSucceeds();
    }

    @ParameterizedTest
    @CsvSource({
        "401,UNAUTHENTICATED",
        "403,DENIED",
        "404,NOT_FOUND",
        "429,RATE_LIMITED",
        "500,UNAVAILABLE",
        "503,UNAVAILABLE"
    })
    void statusesOfTheManifestHaveTheirKind(int status, ErrorKind kind) {
        TestImage.put(upstream, "app", BIG);
        mirror.faults().nextManifests(99, Fault.status(status));
        unpackFails(kind, "app");
    }

    @ParameterizedTest
    @CsvSource({"401,UNAUTHENTICATED", "403,DENIED", "404,NOT_FOUND", "429,RATE_LIMITED", "500,UNAVAILABLE"})
    void statusesOfBlobsHaveTheirKind(int status, ErrorKind kind) {
        TestImage.put(upstream, "app", BIG);
        mirror.faults().nextBlobs(99, Fault.status(status));
        unpackFails(kind, "");
    }

    @Test
    void aRedirectLoopEnds() {
        TestImage.put(upstream, "app", BIG);
        mirror.faults().nextBlobs(99, Fault.redirectToOrigin(mirror.uri()));
        assertThatThrownBy(this::unpack).isInstanceOf(ImageException.class).hasMessageContaining("redirect");
    }

    @Test
    void aManifestThatIsAlsoAnIndexIsRefused() {
        TestImage image = TestImage.put(upstream, "app", BIG);
        String layer =
                TestImage.descriptor(MediaType.OCI_LAYER_GZIP, image.layers().getFirst(), 3);
        putManifest(
                MediaType.OCI_MANIFEST,
                "{\"schemaVersion\":2,\"config\":" + layer + ",\"layers\":[],\"manifests\":[" + layer + "]}");
        unpackFails(ErrorKind.INVALID, "both 'manifests'");
    }

    @Test
    void schemaOneIsRefused() {
        putManifest(MediaType.DOCKER_SCHEMA1_SIGNED, "{\"schemaVersion\":1,\"fsLayers\":[]}");
        unpackFails(ErrorKind.UNSUPPORTED, "schema 1");
    }

    @Test
    void aManifestOfFiveMebibytesIsRefused() {
        putManifest(MediaType.OCI_MANIFEST, "{\"x\":\"" + "y".repeat(5 << 20) + "\"}");
        unpackFails(ErrorKind.INVALID, "4");
    }

    @Test
    void anIndexThatNamesItselfEnds() {
        String entry = TestImage.descriptor(MediaType.OCI_INDEX, Digest.parse("sha256:" + "0".repeat(64)), 9)
                .replaceFirst("}$", ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}");
        String index = "{\"schemaVersion\":2,\"manifests\":[" + entry + "]}";
        putManifest(MediaType.OCI_INDEX, index);
        upstream.putManifest(
                "app",
                "sha256:" + "0".repeat(64),
                new io.lighterage.mirror.StoredManifest(MediaType.OCI_INDEX, TestImage.bytes(index)));
        assertThatThrownBy(this::unpack)
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).isIn(ErrorKind.CORRUPT, ErrorKind.INVALID, ErrorKind.NOT_FOUND));
    }

    @Test
    void aLayerThatIsNotItsDiffIdIsCorruptAndLeavesNoTree() {
        new TestImage.Builder(upstream, "app")
                .blob(TestImage.gzip(tarOf(file("a", "x"))), Digest.sha256(new byte[] {1}))
                .put("latest");
        unpackFails(ErrorKind.CORRUPT, "other bytes");
        assertThat(folder.resolve("tree")).doesNotExist();
    }

    @Test
    void nothingIsWrittenOutsideTheTarget() throws IOException {
        Path victim = Files.createDirectory(folder.resolve("victim"));
        TestImage.put(
                upstream,
                "app",
                tarOf(symlink("out", victim.toString()), file("out/planted", "x"), file("../../../../escaped", "x")),
                tarOf(symlink("up", "../../../../" + victim), file("up/planted", "y")));
        unpackSucceeds();
        assertThat(victim).isEmptyDirectory();
        assertThat(Files.exists(Path.of("/escaped"), LinkOption.NOFOLLOW_LINKS)).isFalse();
    }

    @Test
    void aHardLinkToOutsideFails() {
        TestImage.put(upstream, "app", tarOf(hardlink("stolen", "../../../../../../etc/passwd")));
        assertThatThrownBy(this::unpack).isInstanceOf(ImageException.class).hasMessageContaining("stolen");
        assertThat(folder.resolve("tree")).doesNotExist();
    }

    @Test
    void aTargetThatHoldsSomethingIsLeftAlone() throws IOException {
        TestImage.put(upstream, "app", BIG);
        Files.createDirectory(folder.resolve("tree"));
        Files.writeString(folder.resolve("tree/mine"), "x");
        unpackFails(ErrorKind.PRECONDITION, "not empty");
        assertThat(folder.resolve("tree/mine")).hasContent("x");
    }

    @Test
    void anImageForAnotherPlatformNamesWhatThereIs() {
        new TestImage.Builder(upstream, "app")
                .layers(BIG)
                .platform("linux", "s390x")
                .put("latest");
        assertThatThrownBy(() -> runtime.pull(
                        reference(),
                        Optional.of(new io.lighterage.contentstore.Platform("linux", "arm64", "")),
                        ProgressListener.NONE))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
                .hasMessageContaining("s390x");
    }

    private void putManifest(String mediaType, String text) {
        upstream.putManifest("app", "latest", mediaType, TestImage.bytes(text));
    }

    private static String layer(TestImage image) {
        return image.layers().getLast().hex();
    }

    private String reference() {
        return mirror.hostPort() + "/app:latest";
    }

    private UnpackedImage unpack() {
        return runtime.unpack(
                reference(), Optional.empty(), folder.resolve("tree"), UnpackForm.MERGED, ProgressListener.NONE);
    }

    private void unpackSucceeds() {
        UnpackedImage unpacked = unpack();
        assertThat(unpacked.roots()).isEqualTo(List.of(folder.resolve("tree")));
    }

    private void unpackFails(ErrorKind kind, String words) {
        assertThatThrownBy(this::unpack)
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.toString()).isEqualTo(kind))
                .hasMessageContaining(words);
    }

    private void assertNotStored(TestImage image) {
        for (Digest layer : image.layers()) {
            assertThat(runtime.store().namespace("default").content().info(layer))
                    .isEmpty();
        }
    }
}
