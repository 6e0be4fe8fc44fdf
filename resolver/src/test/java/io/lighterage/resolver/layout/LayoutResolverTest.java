package io.lighterage.resolver.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.resolver.Configs;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.MemoryIngest;
import io.lighterage.resolver.TinyLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayoutResolverTest {
    @TempDir
    Path temp;

    private TinyLayout layout;

    @BeforeEach
    void write() throws IOException {
        layout = new TinyLayout(temp.resolve("a:b"), "tiny", 3, 700_000, 10);
    }

    @Test
    void anImageIsFoundByTagByDigestAndAlone() {
        for (String suffix : new String[] {"", ":tiny", "@" + layout.manifest().digest()}) {
            try (ImageSource source = open(suffix)) {
                assertThat(source.resolve().digest())
                        .isEqualTo(layout.manifest().digest());
                assertThat(source.name()).isEqualTo("oci:" + layout.directory() + suffix);
            }
        }
    }

    @Test
    void anImageIsFoundByItsFullName() throws IOException {
        layout.index(named("io.containerd.image.name", "docker.io/library/tiny:1"));
        try (ImageSource source = open(":docker.io/library/tiny:1")) {
            assertThat(source.resolve().digest()).isEqualTo(layout.manifest().digest());
        }
    }

    @Test
    void theImageBesideOneHasItsTagWithTheSuffix() throws IOException {
        Descriptor other = layout.put(MediaType.OCI_MANIFEST, "{}".getBytes(StandardCharsets.UTF_8));
        String entry = TinyLayout.json(other)
                .replaceFirst("}$", ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"tiny-more\"}}");
        layout.index(named("org.opencontainers.image.ref.name", "tiny") + "," + entry);
        try (ImageSource source = open(":tiny")) {
            assertThat(source.resolve().digest()).isEqualTo(layout.manifest().digest());
            assertThat(source.beside("-more").digest()).isEqualTo(other.digest());
        }
    }

    @Test
    void thereIsNothingBesideAnImageThatWasNamedWithoutATagOrStandsAlone() {
        for (String suffix : new String[] {"", ":tiny", "@" + layout.manifest().digest()}) {
            try (ImageSource source = open(suffix)) {
                ImageException failure = catchThrowableOfType(ImageException.class, () -> source.beside("-more"));
                assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
                assertThat(failure).hasMessageContaining("-more");
            }
        }
    }

    @Test
    void anIndexInsideTheIndexIsGivenAsItIs() throws IOException {
        byte[] index = ("{\"schemaVersion\":2,\"manifests\":[" + TinyLayout.json(layout.manifest()) + "]}")
                .getBytes(StandardCharsets.UTF_8);
        Descriptor nested = layout.put(MediaType.OCI_INDEX, index);
        layout.index(TinyLayout.json(nested));
        try (ImageSource source = open("")) {
            assertThat(source.resolve()).isEqualTo(nested);
            assertThat(source.document(nested)).isEqualTo(index);
        }
    }

    @Test
    void severalImagesNeedAName() throws IOException {
        layout.index(named("org.opencontainers.image.ref.name", "one") + ","
                + TinyLayout.json(layout.config()).replace(MediaType.OCI_CONFIG, MediaType.OCI_MANIFEST));
        ImageException failure = failure("");
        assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
        assertThat(failure).hasMessageContaining("one");
        assertThat(failure(":two").kind()).isEqualTo(ErrorKind.NOT_FOUND);
    }

    @Test
    void blobsAreCopiedAndResumed() throws IOException {
        Descriptor layer = layout.layers().getFirst();
        byte[] bytes = Files.readAllBytes(layout.file(layer));
        MemoryIngest ingest = new MemoryIngest(layer);
        ingest.write(100, ByteBuffer.wrap(bytes, 100, 1000));
        AtomicLong received = new AtomicLong();
        try (ImageSource source = open("")) {
            source.fetch(layer, ingest, 0, received::addAndGet);
        }
        ingest.commit();
        assertThat(received).hasValue(layer.size() - 1000);
    }

    @Test
    void damagedBlobsAreCorrupt() throws IOException {
        try (ImageSource source = open("")) {
            Files.writeString(layout.file(layout.config()), "x".repeat((int)
                            layout.config().size()));
            assertThat(kind(() -> source.document(layout.config()))).isEqualTo(ErrorKind.CORRUPT);
            Files.writeString(layout.file(layout.config()), "short");
            assertThat(kind(() -> source.document(layout.config()))).isEqualTo(ErrorKind.CORRUPT);
            Descriptor layer = layout.layers().getFirst();
            Files.write(layout.file(layer), new byte[5]);
            assertThat(kind(() -> source.fetch(layer, new MemoryIngest(layer), 0, n -> {})))
                    .isEqualTo(ErrorKind.CORRUPT);
            Files.delete(layout.file(layer));
            assertThat(kind(() -> source.fetch(layer, new MemoryIngest(layer), 0, n -> {})))
                    .isEqualTo(ErrorKind.NOT_FOUND);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "not json",
                "[]",
                "{\"manifests\":[{}]}",
                "{\"manifests\":[{\"digest\":\"sha256:../../../etc/passwd\",\"size\":1}]}",
                "{\"manifests\":[{\"digest\":\"sha256:00\",\"size\":-1}]}"
            })
    void aBrokenIndexIsInvalid(String text) throws IOException {
        Files.writeString(layout.directory().resolve("index.json"), text);
        assertThat(failure("").kind()).isEqualTo(ErrorKind.INVALID);
    }

    @Test
    void aDirectoryThatIsNoLayoutIsSaidSo() throws IOException {
        Files.writeString(layout.directory().resolve("oci-layout"), "{\"imageLayoutVersion\":\"2.0.0\"}");
        assertThat(failure("").kind()).isEqualTo(ErrorKind.UNSUPPORTED);
        Files.delete(layout.directory().resolve("oci-layout"));
        assertThat(failure("")).hasMessageContaining("not an OCI layout");
        try (ImageSource source = new LayoutResolver().open(temp.resolve("gone") + ":1", Configs.plain())) {
            assertThat(kind(source::resolve)).isEqualTo(ErrorKind.NOT_FOUND);
        }
        assertThat(kind(() -> new LayoutResolver().open("", Configs.plain()))).isEqualTo(ErrorKind.INVALID);
        assertThat(kind(() -> new LayoutResolver().open("/gone:", Configs.plain())))
                .isEqualTo(ErrorKind.INVALID);
    }

    private String named(String key, String value) {
        return TinyLayout.json(layout.manifest())
                .replaceFirst("}$", ",\"annotations\":{\"" + key + "\":\"" + value + "\"}}");
    }

    private ImageSource open(String suffix) {
        return new LayoutResolver().open(layout.directory() + suffix, Configs.plain());
    }

    private ImageException failure(String suffix) {
        try (ImageSource source = open(suffix)) {
            return catchThrowableOfType(ImageException.class, source::resolve);
        }
    }

    private static ErrorKind kind(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return catchThrowableOfType(ImageException.class, call).kind();
    }
}
