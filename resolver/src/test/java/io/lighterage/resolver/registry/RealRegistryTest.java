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
import io.lighterage.resolver.Resolvers;
import io.lighterage.resolver.TinyLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Against Debian's docker-registry, filled by skopeo.
@Timeout(120)
class RealRegistryTest {
    @TempDir
    Path temp;

    @Test
    void pullsAManifestItsConfigAndItsLayersOverPlainHttp() throws Exception {
        TinyLayout layout = layout();
        try (RealRegistry registry = RealRegistry.start(temp.resolve("registry"), "", "")) {
            registry.push(layout, "tiny", "a/tiny:1", "--dest-tls-verify=false");
            pull(layout, registry.host() + "/a/tiny:1", Configs.plain());
            pull(layout, registry.host() + "/a/tiny@" + layout.manifest().digest(), Configs.plain());
            pull(layout, "docker://" + registry.host() + "/a/tiny:1", Configs.automatic(true));
        }
    }

    @Test
    void aMissingTagAndAMissingRepositoryAreNotFoundInTheRegistrysWords() throws Exception {
        TinyLayout layout = layout();
        try (RealRegistry registry = RealRegistry.start(temp.resolve("registry"), "", "")) {
            registry.push(layout, "tiny", "a/tiny:1", "--dest-tls-verify=false");
            for (String name : List.of("/a/tiny:2", "/nothing:1")) {
                ImageException failure = failure(registry.host() + name, Configs.plain());
                assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
                assertThat(failure).hasMessageContaining("MANIFEST_UNKNOWN");
            }
        }
    }

    @Test
    void basicCredentialsOpenAnHtpasswdRegistry() throws Exception {
        RealRegistry.need("htpasswd");
        Path passwords = temp.resolve("htpasswd");
        RealRegistry.run(List.of("htpasswd", "-Bbc", passwords.toString(), "me", "s3cret"));
        TinyLayout layout = layout();
        String auth = "auth: {htpasswd: {realm: here, path: " + passwords + "}}";
        try (RealRegistry registry = RealRegistry.start(temp.resolve("registry"), "", auth)) {
            registry.push(layout, "tiny", "a/tiny:1", "--dest-tls-verify=false", "--dest-creds=me:s3cret");
            String name = registry.host() + "/a/tiny:1";
            pull(layout, name, Configs.withCredentials("me:s3cret"));
            assertThat(failure(name, Configs.plain()).kind()).isEqualTo(ErrorKind.UNAUTHENTICATED);
            assertThat(failure(name, Configs.withCredentials("me:wrong")).kind())
                    .isEqualTo(ErrorKind.UNAUTHENTICATED);
        }
    }

    @Test
    void tlsIsTrustedThroughItsAuthorityOnly() throws Exception {
        Path certificates = certificates();
        TinyLayout layout = layout();
        String tls = "  tls: {certificate: " + certificates.resolve("server.pem") + ", key: "
                + certificates.resolve("server.pem.key") + "}";
        try (RealRegistry registry = RealRegistry.start(temp.resolve("registry"), tls, "")) {
            registry.push(layout, "tiny", "a/tiny:1", "--dest-tls-verify=false");
            String name = registry.host() + "/a/tiny:1";
            pull(layout, name, Configs.secure(certificates));
            pull(layout, name, Configs.automatic(false));
            ImageException failure = failure(name, Configs.automatic(true));
            assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
            assertThat(failure).hasMessageContaining("--cert-dir").hasMessageContaining("--tls-verify=false");
        }
    }

    @Test
    void aClientCertificateIsShownToARegistryThatWantsOne() throws Exception {
        Path certificates = certificates();
        TinyLayout layout = layout();
        String tls = "  tls: {certificate: " + certificates.resolve("server.pem") + ", key: "
                + certificates.resolve("server.pem.key") + ", clientcas: [" + certificates.resolve("own.crt") + "]}";
        try (RealRegistry registry = RealRegistry.start(temp.resolve("registry"), tls, "")) {
            registry.push(
                    layout,
                    "tiny",
                    "a/tiny:1",
                    "--dest-tls-verify=false",
                    "--dest-cert-dir=" + certificates.resolve("client"));
            String name = registry.host() + "/a/tiny:1";
            pull(layout, name, Configs.secure(certificates.resolve("client")));
            assertThat(failure(name, Configs.automatic(false)).kind()).isEqualTo(ErrorKind.UNAVAILABLE);
        }
    }

    @Test
    void certificatesOfAHostAreFoundInTheUsualPlaces() throws Exception {
        Path certificates = certificates();
        TinyLayout layout = layout();
        String tls = "  tls: {certificate: " + certificates.resolve("server.pem") + ", key: "
                + certificates.resolve("server.pem.key") + "}";
        try (RealRegistry registry = RealRegistry.start(temp.resolve("registry"), tls, "")) {
            registry.push(layout, "tiny", "a/tiny:1", "--dest-tls-verify=false");
            Path usual = Files.createDirectories(temp.resolve("certs.d").resolve(registry.host()));
            Files.copy(certificates.resolve("own.crt"), usual.resolve("ca.crt"));
            RegistryResolver resolver = new RegistryResolver(Timing.system(), List.of(temp.resolve("certs.d")));
            try (ImageSource source = resolver.open(registry.host() + "/a/tiny:1", Configs.automatic(true))) {
                assertThat(source.resolve()).isEqualTo(layout.manifest());
            }
        }
    }

    @Test
    void aBrokenCertificateFolderIsNamed() throws Exception {
        Path folder = Files.createDirectories(temp.resolve("broken"));
        Files.writeString(folder.resolve("ca.crt"), "not a certificate");
        ImageException failure = failure("127.0.0.1:443/a:1", Configs.secure(folder));
        assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
        assertThat(failure).hasMessageContaining("ca.crt");
    }

    private TinyLayout layout() throws Exception {
        return new TinyLayout(temp.resolve("layout"), "tiny", 7, 10, 300_000, 21_000_001);
    }

    /// An authority (own.crt), a server's certificate and key for 127.0.0.1, and in `client` what a client needs.
    private Path certificates() throws Exception {
        RealRegistry.need("openssl");
        Path folder = Files.createDirectories(temp.resolve("certificates"));
        openssl(
                folder,
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=own -keyout own.pem"
                        + " -out own.crt");
        issue(folder, "server.pem", "subjectAltName=IP:127.0.0.1", "rsa:2048");
        issue(folder, "me.cert", "extendedKeyUsage=clientAuth", "rsa:2048");
        Path client = Files.createDirectories(folder.resolve("client"));
        Files.copy(folder.resolve("own.crt"), client.resolve("own.crt"));
        Files.move(folder.resolve("me.cert"), client.resolve("me.cert"));
        Files.move(folder.resolve("me.cert.key"), client.resolve("me.key"));
        return folder;
    }

    private static void issue(Path folder, String name, String extension, String key) throws Exception {
        openssl(folder, "req -newkey " + key + " -nodes -subj /CN=" + name + " -keyout " + name + ".key -out req.csr");
        Files.writeString(folder.resolve("extensions"), extension + "\n");
        openssl(
                folder,
                "x509 -req -in req.csr -CA own.crt -CAkey own.pem -CAcreateserial -days 2 -extfile extensions -out "
                        + name);
    }

    private static void openssl(Path folder, String arguments) throws Exception {
        RealRegistry.run(List.of("sh", "-c", "cd '" + folder + "' && openssl " + arguments));
    }

    private static ImageException failure(String name, ResolverConfig config) {
        ResolverConfig hurried = Configs.limits(config, 2, config.timeout(), 0);
        try (ImageSource source = Resolvers.installed().open(name, hurried)) {
            return catchThrowableOfType(ImageException.class, source::resolve);
        }
    }

    private static void pull(TinyLayout layout, String name, ResolverConfig config) throws Exception {
        try (ImageSource source = Resolvers.installed().open(name, config)) {
            assertThat(source.name()).isEqualTo(name.replace("docker://", ""));
            Descriptor manifest = source.resolve();
            assertThat(manifest).isEqualTo(layout.manifest());
            assertThat(source.document(manifest)).isEqualTo(Files.readAllBytes(layout.file(layout.manifest())));
            assertThat(source.document(layout.config())).isEqualTo(Files.readAllBytes(layout.file(layout.config())));
            for (Descriptor layer : layout.layers()) {
                AtomicLong received = new AtomicLong();
                try (MemoryIngest ingest = new MemoryIngest(layer)) {
                    source.fetch(layer, ingest, 0, received::addAndGet);
                    ingest.commit();
                    assertThat(received).hasValue(layer.size());
                }
            }
        }
    }
}
