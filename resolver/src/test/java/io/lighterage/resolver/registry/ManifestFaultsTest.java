package io.lighterage.resolver.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.resolver.Configs;
import io.lighterage.resolver.ImageSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What resolving a reference makes of a registry that misbehaves.
class ManifestFaultsTest {
    private static final String MANIFEST =
            "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_MANIFEST + "\",\"config\":{},\"layers\":[]}";

    @AutoClose
    private final FakeRegistry registry = new FakeRegistry();

    @Test
    void aTagCostsOneRequestAndItsDocumentNoOther() {
        Descriptor manifest = registry.manifest("1", MediaType.OCI_MANIFEST, MANIFEST);
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            assertThat(source.resolve()).isEqualTo(manifest);
            assertThat(source.document(manifest))
                    .asString(StandardCharsets.UTF_8)
                    .isEqualTo(MANIFEST);
        }
        assertThat(registry.seen()).hasSize(1);
        assertThat(registry.seen().getFirst().getHeaders().get("Accept")).contains(MediaType.OCI_INDEX);
        assertThat(registry.seen().getFirst().getHeaders().get("Accept-Encoding"))
                .isEqualTo("identity");
    }

    @Test
    void theDigestDecidesWhenThereIsATagToo() {
        Descriptor manifest = registry.manifest("1", MediaType.OCI_MANIFEST, MANIFEST);
        try (ImageSource source = registry.open(":other@" + manifest.digest(), Configs.plain())) {
            assertThat(source.resolve()).isEqualTo(manifest);
            assertThat(source.name()).endsWith("/r:other@" + manifest.digest());
        }
    }

    @Test
    void aManifestOfAnotherDigestThanAskedForIsCorrupt() {
        registry.manifest("1", MediaType.OCI_MANIFEST, MANIFEST);
        Digest other = Digest.sha256("other".getBytes(StandardCharsets.UTF_8));
        registry.always(
                "manifests/" + other,
                request -> FakeRegistry.status(200)
                        .setHeader("Content-Type", MediaType.OCI_MANIFEST)
                        .body(MANIFEST)
                        .build());
        assertThat(failure("@" + other).kind()).isEqualTo(ErrorKind.CORRUPT);
    }

    @Test
    void aManifestOfAnotherDigestThanAnnouncedIsCorrupt() {
        registry.always(
                "manifests/1",
                request -> FakeRegistry.status(200)
                        .setHeader("Content-Type", MediaType.OCI_MANIFEST)
                        .setHeader("Docker-Content-Digest", Digest.sha256(new byte[] {1}))
                        .body(MANIFEST)
                        .build());
        ImageException failure = failure(":1");
        assertThat(failure.kind()).isEqualTo(ErrorKind.CORRUPT);
        assertThat(failure).hasMessageContaining("announced by the registry");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aManifestOfFiveMebibytesIsRefusedWhetherOrNotItsLengthIsAnnounced(boolean chunked) {
        String body = "{" + " ".repeat(5 << 20) + "}";
        registry.always(
                "manifests/1",
                request -> chunked
                        ? FakeRegistry.status(200).chunkedBody(body, 65536).build()
                        : FakeRegistry.status(200).body(body).build());
        ImageException failure = failure(":1");
        assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
        assertThat(failure).hasMessageContaining("larger than");
    }

    @Test
    void schemaOneIsUnsupported() {
        registry.manifest("1", MediaType.DOCKER_SCHEMA1_SIGNED, "{\"schemaVersion\":1}");
        assertThat(failure(":1").kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    }

    @Test
    void aTypeThatTheDocumentDeniesIsCorrupt() {
        registry.manifest("1", MediaType.OCI_INDEX, MANIFEST);
        assertThat(failure(":1").kind()).isEqualTo(ErrorKind.CORRUPT);
    }

    @Test
    void aGenericTypeLeavesTheWordToTheDocument() {
        registry.manifest("1", "text/plain; charset=utf-8", MANIFEST);
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            assertThat(source.resolve().mediaType()).isEqualTo(MediaType.OCI_MANIFEST);
        }
    }

    @Test
    void aPageForPeopleIsNotAManifest() {
        registry.manifest("1", "text/html", "<html>log in first</html>");
        assertThat(failure(":1").kind()).isEqualTo(ErrorKind.INVALID);
    }

    @Test
    void anArtifactIsUnsupported() {
        registry.manifest("1", "application/vnd.example.thing+json", "{}");
        assertThat(failure(":1").kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    }

    @ParameterizedTest
    @CsvSource({
        "401,UNAUTHENTICATED,1",
        "403,DENIED,1",
        "404,NOT_FOUND,1",
        "400,UNAVAILABLE,1",
        "429,RATE_LIMITED,6",
        "500,UNAVAILABLE,6",
        "503,UNAVAILABLE,6"
    })
    void everyStatusHasItsKindAndOnlySomeAreTriedAgain(int status, ErrorKind kind, int requests) {
        registry.always(
                "manifests/1",
                request -> FakeRegistry.status(status)
                        .body("{\"errors\":[{\"code\":\"NOPE\",\"message\":\"line one\\nline two\"}]}")
                        .build());
        ImageException failure = failure(":1");
        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure).hasMessageContaining("HTTP " + status).hasMessageContaining("NOPE: line one line two");
        assertThat(registry.seen()).hasSize(requests);
    }

    @Test
    void aFailureThatPassesIsNotNoticed() {
        registry.manifest("1", MediaType.OCI_MANIFEST, MANIFEST);
        registry.first(3, "manifests/1", request -> FakeRegistry.status(503).build());
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            source.resolve();
        }
        assertThat(registry.slept())
                .as("exponential, half of it drawn")
                .containsExactly(Duration.ofMillis(125), Duration.ofMillis(250), Duration.ofMillis(500));
    }

    @Test
    void retryAfterIsObeyedInSecondsAndAsADate() {
        registry.manifest("1", MediaType.OCI_MANIFEST, MANIFEST);
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(
                FakeRegistry.NOW.plusSeconds(9).atOffset(ZoneOffset.UTC));
        registry.first(
                1,
                "manifests/1",
                r -> FakeRegistry.status(429).setHeader("Retry-After", "7").build());
        registry.first(
                1,
                "manifests/1",
                r -> FakeRegistry.status(503).setHeader("Retry-After", date).build());
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            source.resolve();
        }
        assertThat(registry.slept()).containsExactly(Duration.ofSeconds(7), Duration.ofSeconds(9));
    }

    @Test
    void aRegistryThatAsksForAnHourIsNotWaitedFor() {
        registry.always(
                "manifests/1",
                r -> FakeRegistry.status(429).setHeader("Retry-After", "3600").build());
        ImageException failure = failure(":1");
        assertThat(failure.kind()).isEqualTo(ErrorKind.RATE_LIMITED);
        assertThat(failure).hasMessageContaining("3600 s");
        assertThat(registry.slept()).isEmpty();
    }

    @Test
    void aRegistryNobodyAnswersForIsUnavailableAfterTwoRetries() throws IOException {
        int port = RealRegistry.freePort();
        RegistryResolver resolver = new RegistryResolver(registry.timing(), java.util.List.of());
        try (ImageSource source = resolver.open("127.0.0.1:" + port + "/r:1", Configs.plain())) {
            ImageException failure = catchThrowableOfType(ImageException.class, source::resolve);
            assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
            assertThat(failure).hasMessageContaining("check host and port");
        }
        assertThat(registry.slept()).hasSize(2);
    }

    @Test
    void aDescriptorOfAnotherSizeThanTheManifestIsCorrupt() {
        Descriptor manifest = registry.manifest("1", MediaType.OCI_MANIFEST, MANIFEST);
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            Descriptor wrong = new Descriptor(manifest.mediaType(), manifest.digest(), manifest.size() + 1);
            ImageException failure = catchThrowableOfType(ImageException.class, () -> source.document(wrong));
            assertThat(failure.kind()).isEqualTo(ErrorKind.CORRUPT);
        }
    }

    @Test
    void aClosedSourceRefusesToWork() {
        ImageSource source = registry.open(":1", Configs.plain());
        source.close();
        assertThat(catchThrowableOfType(ImageException.class, source::resolve).kind())
                .isEqualTo(ErrorKind.CANCELLED);
    }

    private ImageException failure(String selector) {
        try (ImageSource source = registry.open(selector, Configs.plain())) {
            return catchThrowableOfType(ImageException.class, source::resolve);
        }
    }
}
