package io.lighterage.resolver.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.Configs;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.MemoryIngest;
import io.lighterage.resolver.ResolverConfig;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.MockResponse;
import okhttp3.Credentials;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Where redirects lead, and what travels along.
@Timeout(60)
class RedirectTest {
    private FakeRegistry registry;
    private FakeRegistry cdn;

    @BeforeEach
    void start() throws IOException {
        registry = new FakeRegistry();
        cdn = new FakeRegistry();
    }

    @AfterEach
    void stop() {
        registry.close();
        cdn.close();
    }

    @Test
    void credentialsStayAtTheRegistry() {
        Descriptor blob = onCdn(new byte[100]);
        String basic = Credentials.basic("me", "s3cret");
        registry.when(request -> basic.equals(request.getHeaders().get("Authorization"))
                ? Optional.empty()
                : Optional.of(FakeRegistry.status(401)
                        .setHeader("WWW-Authenticate", "Basic realm=x")
                        .build()));
        registry.always("blobs", request -> to("http://" + cdn.host() + request.getTarget() + "?sig=1"));
        fetch(blob, Configs.withCredentials("me:s3cret"));
        assertThat(cdn.seen()).hasSize(1);
        assertThat(cdn.seen().getFirst().getHeaders().get("Authorization")).isNull();
    }

    @Test
    void aChallengeOfTheRedirectsTargetIsNotAnswered() {
        Descriptor blob = onCdn(new byte[100]);
        registry.always("blobs", request -> to("http://" + cdn.host() + request.getTarget()));
        cdn.always(
                "blobs",
                request -> FakeRegistry.status(401)
                        .setHeader("WWW-Authenticate", "Basic realm=\"give me your password\"")
                        .build());
        assertThat(failure(blob, Configs.withCredentials("me:s3cret")).kind()).isEqualTo(ErrorKind.UNAUTHENTICATED);
        assertThat(cdn.seen())
                .allSatisfy(r -> assertThat(r.getHeaders().get("Authorization")).isNull());
    }

    @Test
    void credentialsDoNotComeBackAfterADetour() {
        Descriptor blob = registry.blob(new byte[100]);
        String basic = Credentials.basic("me", "s3cret");
        registry.when(request -> request.getTarget().contains("?back")
                ? Optional.of(FakeRegistry.status(200).body("0".repeat(100)).build())
                : Optional.empty());
        registry.when(request -> basic.equals(request.getHeaders().get("Authorization"))
                ? Optional.empty()
                : Optional.of(FakeRegistry.status(401)
                        .setHeader("WWW-Authenticate", "Basic realm=x")
                        .build()));
        registry.always("blobs", request -> to("http://" + cdn.host() + request.getTarget()));
        cdn.always("blobs", request -> to("http://" + registry.host() + request.getTarget() + "?back"));
        fetch(blob, Configs.withCredentials("me:s3cret"));
        assertThat(registry.seen())
                .filteredOn(r -> r.getTarget().contains("?back"))
                .isNotEmpty()
                .allSatisfy(r -> assertThat(r.getHeaders().get("Authorization")).isNull());
    }

    @Test
    void aServerDoesNotFollowARedirectToAMetadataService() {
        Descriptor blob = registry.blob(new byte[100]);
        registry.always("blobs", request -> to("http://169.254.169.254" + request.getTarget()));
        ImageException failure = failure(blob, Configs.plain().withoutLinkLocal());
        assertThat(failure.kind()).isEqualTo(ErrorKind.DENIED);
        assertThat(failure).hasMessageContaining("169.254.169.254").hasMessageContaining("metadata service");
    }

    @Test
    void aServerDoesNotEvenAskAMetadataServiceWhetherItSpeaksTls() {
        ImageException failure;
        try (ImageSource source = new RegistryResolver()
                .open("169.254.169.254/app:latest", Configs.automatic(false).withoutLinkLocal())) {
            failure = catchThrowableOfType(ImageException.class, source::resolve);
        }
        assertThat(failure.kind()).isEqualTo(ErrorKind.DENIED);
        assertThat(failure).hasMessageContaining("metadata service");
    }

    @Test
    void theTargetIsRememberedForTheOtherRanges() {
        Descriptor blob = onCdn(new byte[21_000_000]);
        registry.always("blobs", request -> to("http://" + cdn.host() + request.getTarget()));
        fetch(blob, Configs.plain());
        assertThat(registry.seen()).hasSize(1);
        assertThat(cdn.seen()).hasSizeBetween(6, 20);
    }

    @Test
    void aTargetWhoseSignatureExpiredIsAskedForAgain() {
        Descriptor blob = onCdn(new byte[21_000_000]);
        AtomicInteger signatures = new AtomicInteger();
        registry.always(
                "blobs",
                request -> to("http://" + cdn.host() + request.getTarget() + "?sig=" + signatures.incrementAndGet()));
        AtomicInteger served = new AtomicInteger();
        cdn.when(request -> {
            boolean old = request.getTarget().endsWith("?sig=1");
            if (old && served.incrementAndGet() > 2) {
                return Optional.of(FakeRegistry.status(403).build());
            }
            String bare = request.getTarget().substring(0, request.getTarget().indexOf('?'));
            return Optional.of(cdn.proper(bare, request.getHeaders().get("Range")));
        });
        fetch(blob, Configs.plain());
        assertThat(registry.seen().size()).isBetween(2, 5);
    }

    @Test
    void aCircleIsNotFollowed() {
        Descriptor blob = registry.blob(new byte[100]);
        registry.always("blobs", request -> to(request.getTarget()));
        ImageException failure = failure(blob, Configs.plain());
        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining("circle");
        assertThat(registry.seen()).hasSize(1);
    }

    @Test
    void anEndlessChainIsNotFollowed() {
        Descriptor blob = registry.blob(new byte[100]);
        AtomicInteger hop = new AtomicInteger();
        registry.always("blobs", request -> to("http://" + registry.host() + "/v2/r/blobs/" + hop.incrementAndGet()));
        ImageException failure = failure(blob, Configs.plain());
        assertThat(failure).hasMessageContaining("more than 10 redirects");
        assertThat(registry.seen()).hasSize(11);
    }

    @Test
    void aRedirectWithoutATargetIsAnError() {
        Descriptor blob = registry.blob(new byte[100]);
        registry.always("blobs", request -> FakeRegistry.status(307).build());
        assertThat(failure(blob, Configs.plain())).hasMessageContaining("Location");
    }

    @Test
    void signaturesAreNotInMessages() {
        Descriptor blob = onCdn(new byte[100]);
        registry.always("blobs", request -> to("http://" + cdn.host() + "/gone?X-Signature=s3cret"));
        assertThat(failure(blob, Configs.plain()).toString())
                .contains("/gone?…")
                .doesNotContain("s3cret");
    }

    @Test
    void httpsIsNeverLeftForHttp() {
        HeldCertificate certificate = new HeldCertificate.Builder()
                .addSubjectAlternativeName("127.0.0.1")
                .build();
        registry.server()
                .useHttps(new HandshakeCertificates.Builder()
                        .heldCertificate(certificate)
                        .build()
                        .sslSocketFactory());
        Descriptor blob = onCdn(new byte[100]);
        registry.always("blobs", request -> to("http://" + cdn.host() + request.getTarget()));
        ImageException failure = failure(blob, Configs.automatic(false));
        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining("from https to http");
        assertThat(cdn.seen()).isEmpty();
    }

    @Test
    void anHttpsRegistryMayNotNameAPlainTokenServer() {
        HeldCertificate certificate = new HeldCertificate.Builder()
                .addSubjectAlternativeName("127.0.0.1")
                .build();
        registry.server()
                .useHttps(new HandshakeCertificates.Builder()
                        .heldCertificate(certificate)
                        .build()
                        .sslSocketFactory());
        registry.always(
                "/v2/",
                request -> FakeRegistry.status(401)
                        .setHeader("WWW-Authenticate", "Bearer realm=\"http://" + cdn.host() + "/token\"")
                        .build());
        Descriptor blob = registry.blob(new byte[100]);
        ImageException failure = failure(blob, Configs.automatic(false));
        assertThat(failure.kind()).isEqualTo(ErrorKind.DENIED);
        assertThat(cdn.seen()).isEmpty();
    }

    @Test
    void foreignAddressesAreTriedWhenTheRegistryDoesNotHaveTheBlob() {
        HeldCertificate certificate = new HeldCertificate.Builder()
                .addSubjectAlternativeName("127.0.0.1")
                .build();
        cdn.server()
                .useHttps(new HandshakeCertificates.Builder()
                        .heldCertificate(certificate)
                        .build()
                        .sslSocketFactory());
        Descriptor there = onCdn(new byte[100]);
        Descriptor blob = withUrls(
                there, "http://" + cdn.host() + "/plain", "https://" + cdn.host() + "/v2/r/blobs/" + there.digest());
        fetch(blob, Configs.automatic(false));
        assertThat(cdn.seen()).hasSize(1);
    }

    @Test
    void foreignAddressesAreNotTriedForAnyOtherFailure() {
        Descriptor blob = withUrls(onCdn(new byte[100]), "https://" + cdn.host() + "/x");
        registry.always("blobs", request -> FakeRegistry.status(403).build());
        assertThat(failure(blob, Configs.plain()).kind()).isEqualTo(ErrorKind.DENIED);
        assertThat(cdn.seen()).isEmpty();
    }

    @Test
    void aServerDoesNotAskAMetadataServiceThatADescriptorNames() {
        Descriptor blob =
                withUrls(onCdn(new byte[100]), "https://169.254.169.254/latest", "http://169.254.169.254/latest");
        ImageException failure = failure(blob, Configs.plain().withoutLinkLocal());
        assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
        assertThat(failure.getSuppressed())
                .satisfiesExactly(
                        named -> assertThat(named).hasMessageContaining("metadata service"),
                        plain -> assertThat(plain).hasMessageContaining("is not https"));
    }

    private static Descriptor withUrls(Descriptor of, String... urls) {
        return new Descriptor(of.mediaType(), of.digest(), of.size(), Map.of(), Optional.empty(), "", List.of(urls));
    }

    private Descriptor onCdn(byte[] bytes) {
        return cdn.blob(bytes);
    }

    private static MockResponse to(String location) {
        return FakeRegistry.status(307).setHeader("Location", location).build();
    }

    private void fetch(Descriptor blob, ResolverConfig config) {
        try (ImageSource source = registry.open(":1", config)) {
            MemoryIngest ingest = new MemoryIngest(blob);
            source.fetch(blob, ingest, 0, n -> {});
            assertThat(ingest.missing()).isEmpty();
        }
    }

    private ImageException failure(Descriptor blob, ResolverConfig config) {
        try (ImageSource source = registry.open(":1", config)) {
            return catchThrowableOfType(
                    ImageException.class, () -> source.fetch(blob, new MemoryIngest(blob), 0, n -> {}));
        }
    }
}
