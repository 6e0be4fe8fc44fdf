package io.lighterage.mirror;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Platform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayoutWriterTest {
    private static final Platform AMD64 = new Platform("linux", "amd64", "");
    private static final Platform ARM64 = new Platform("linux", "arm64", "v8");

    @TempDir
    Path directory;

    @Test
    void theSameLayersGiveTheSameImage() throws IOException {
        Descriptor first = LayoutWriter.write(directory.resolve("a"), "v1", AMD64, SampleLayers.of("one", "two"));
        Descriptor second = LayoutWriter.write(directory.resolve("b"), "v1", AMD64, SampleLayers.of("one", "two"));
        assertThat(second).isEqualTo(first);
        assertThat(Files.readString(directory.resolve("a/oci-layout"))).isEqualTo("{\"imageLayoutVersion\":\"1.0.0\"}");
    }

    @Test
    void everyBlobIsWhatItsNameSaysAndNothingIsLeftOver() throws IOException {
        LayoutWriter.write(directory, "v1", AMD64, SampleLayers.of("one", "two"));
        try (Stream<Path> blobs = Files.list(directory.resolve("blobs/sha256"))) {
            List<Path> all = blobs.toList();
            assertThat(all).hasSize(4);
            for (Path blob : all) {
                assertThat(Digest.sha256(Files.readAllBytes(blob)).hex())
                        .isEqualTo(blob.getFileName().toString());
            }
        }
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("blobs", "index.json", "oci-layout");
        }
    }

    @Test
    void tagsStayAndATagWrittenAgainMoves() {
        LayoutWriter writer = new LayoutWriter(directory);
        Descriptor old = writer.write("v1", new LayoutImage(AMD64, SampleLayers.of("one")));
        Descriptor other = writer.write("v2", new LayoutImage(AMD64, SampleLayers.of("two")));
        Descriptor moved = writer.write("v1", new LayoutImage(AMD64, SampleLayers.of("three")));
        LayoutUpstream upstream = new LayoutUpstream("demo/app", directory);
        assertThat(upstream.tags("demo/app")).containsExactlyInAnyOrder("v1", "v2");
        assertThat(upstream.manifest("demo/app", "v1").orElseThrow().digest())
                .isEqualTo(moved.digest())
                .isNotEqualTo(old.digest());
        assertThat(upstream.manifest("demo/app", "v2").orElseThrow().digest()).isEqualTo(other.digest());
    }

    @Test
    void anIndexNamesThePlatformsAndItsManifestsAreServedByDigest() {
        Descriptor index = new LayoutWriter(directory)
                .writeIndex(
                        "multi",
                        List.of(
                                new LayoutImage(AMD64, SampleLayers.of("one")),
                                new LayoutImage(ARM64, SampleLayers.of("two"))));
        assertThat(index.mediaType()).isEqualTo(MediaType.OCI_INDEX);
        LayoutUpstream upstream = new LayoutUpstream("demo/app", directory);
        StoredManifest stored = upstream.manifest("demo/app", "multi").orElseThrow();
        String text = UTF_8.decode(stored.content()).toString();
        assertThat(text).contains("\"architecture\":\"arm64\"").contains("\"variant\":\"v8\"");
        ManifestFields fields = ManifestFields.of(Json.parseObject(stored.content(), "index"));
        assertThat(fields.children())
                .hasSize(2)
                .allSatisfy(child -> assertThat(upstream.manifest("demo/app", child.toString()))
                        .get()
                        .extracting(StoredManifest::mediaType)
                        .isEqualTo(MediaType.OCI_MANIFEST));
    }

    @Test
    void aBlobThatIsNoManifestIsNotServedAsOne() {
        LayoutWriter.write(directory, "v1", AMD64, SampleLayers.of("one"));
        LayoutUpstream upstream = new LayoutUpstream("demo/app", directory);
        StoredManifest manifest = upstream.manifest("demo/app", "v1").orElseThrow();
        for (Digest child : ManifestFields.of(Json.parseObject(manifest.content(), "manifest"))
                .children()) {
            assertThat(upstream.manifest("demo/app", child.toString())).isEmpty();
            assertThat(upstream.blob("demo/app", child)).isPresent();
        }
    }

    @Test
    void aDirectoryWithoutAnIndexIsSaidToBeNoLayout() {
        LayoutUpstream upstream = new LayoutUpstream("demo/app", directory);
        assertThatThrownBy(() -> upstream.tags("demo/app"))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
                .hasMessageContaining("expected an OCI image layout");
    }

    @Test
    void namesNobodyMayHaveAreRefused() {
        assertThatThrownBy(() -> new LayoutUpstream("../x", directory)).isInstanceOf(ImageException.class);
        assertThatThrownBy(() -> LayoutWriter.write(directory, "a/b", AMD64, SampleLayers.of("one")))
                .isInstanceOf(ImageException.class);
    }

    @Test
    void aMemoryBlobIsWhatWasAppendedHoweverItWasCut() {
        byte[] content = new byte[3 * (1 << 20) + 17];
        new java.util.Random(3).nextBytes(content);
        MemoryBlob blob = new MemoryBlob();
        int at = 0;
        for (int piece = 1; at < content.length; piece = piece * 3 + 1) {
            int count = Math.min(piece, content.length - at);
            blob.append(ByteBuffer.wrap(content, at, count));
            at += count;
        }
        ByteBuffer read = ByteBuffer.allocate(content.length - 5);
        blob.readFully(5, read);
        assertThat(read.flip()).isEqualTo(ByteBuffer.wrap(content, 5, content.length - 5));
        assertThat(blob.digest("sha256")).isEqualTo(Digest.sha256(content));
        assertThat(blob.read(content.length, ByteBuffer.allocate(1))).isEqualTo(-1);
    }
}
