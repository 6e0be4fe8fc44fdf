package io.lighterage.runtime.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.ProgressListener;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.UnpackForm;
import io.lighterage.runtime.UnpackedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Real images through Debian's docker-registry, compared with what umoci makes of them.
class PullInteropTest {
    @TempDir
    Path folder;

    @BeforeEach
    void programs() {
        Programs.require("docker-registry", "skopeo", "umoci", "openssl", "htpasswd");
    }

    static List<String> images() {
        return RealImages.NAMES;
    }

    @ParameterizedTest
    @MethodSource("images")
    void unpackedTreeEqualsUmocis(String name) throws Exception {
        Path layout = RealImages.layout(name);
        Path reference = umoci(layout);
        try (DockerRegistry registry = DockerRegistry.start(folder.resolve("registry"), "", "")) {
            Programs.run(
                    "skopeo",
                    "copy",
                    "-q",
                    "--dest-tls-verify=false",
                    "oci:" + layout + ":latest",
                    "docker://" + registry.hostPort() + "/" + name + ":latest");
            unpackAndCompare(registry.hostPort() + "/" + name + ":latest", config(Map.of()), reference);
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void unpackedLayersUnderOverlayEqualUmocis(String name) throws Exception {
        Path layout = RealImages.layout(name);
        Path reference = umoci(layout);
        Path merged = Files.createDirectory(folder.resolve("merged"));
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")))) {
            UnpackedImage image = runtime.unpack(
                    "oci:" + layout + ":latest",
                    Optional.empty(),
                    folder.resolve("layers"),
                    UnpackForm.LAYERS,
                    ProgressListener.NONE);
            List<String> lowers =
                    image.roots().reversed().stream().map(Path::toString).toList();
            Programs.run(
                    "mount",
                    "-t",
                    "overlay",
                    "overlay",
                    "-o",
                    "ro,lowerdir=" + String.join(":", lowers),
                    merged.toString());
            try {
                assertThat(differences(reference, merged)).isEmpty();
            } finally {
                Programs.run("umount", merged.toString());
            }
        }
    }

    @Test
    void aPrivateRegistryTakesBasicCredentials() throws Exception {
        Path layout = RealImages.layout("net");
        Path passwords = folder.resolve("htpasswd");
        Files.writeString(passwords, Programs.run("htpasswd", "-Bbn", "alice", "s3cret:x"));
        String auth = "auth:\n  htpasswd:\n    realm: test\n    path: " + passwords + "\n";
        try (DockerRegistry registry = DockerRegistry.start(folder.resolve("registry"), "", auth)) {
            String name = registry.hostPort() + "/team/net:latest";
            Programs.run(
                    "skopeo",
                    "copy",
                    "-q",
                    "--dest-tls-verify=false",
                    "--dest-creds",
                    "alice:s3cret:x",
                    "oci:" + layout + ":latest",
                    "docker://" + name);
            assertThatThrownBy(() -> unpack(name, config(Map.of()), "anonymous"))
                    .isInstanceOfSatisfying(
                            ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAUTHENTICATED))
                    .hasMessageNotContaining("s3cret");
            unpackAndCompare(name, config(Map.of("creds", "alice:s3cret:x")), umoci(layout));
        }
    }

    @Test
    void aRegistryWithItsOwnAuthorityIsTrustedThroughTheCertificateFolder() throws Exception {
        Path layout = RealImages.layout("net");
        Path certificates = folder.resolve("certificates");
        TestCertificates.make(certificates);
        String tls =
                "  tls:\n    certificate: %s/cert.pem\n    key: %s/key.pem\n".formatted(certificates, certificates);
        try (DockerRegistry registry = DockerRegistry.start(folder.resolve("registry"), tls, "")) {
            String name = registry.hostPort() + "/net:latest";
            Programs.run(
                    "skopeo", "copy", "-q", "--dest-tls-verify=false", "oci:" + layout + ":latest", "docker://" + name);
            assertThatThrownBy(() -> unpack(name, config(Map.of("tls", "")), "untrusted"))
                    .isInstanceOf(ImageException.class)
                    .hasMessageContaining("--cert-dir");
            Path trusted = Files.createDirectory(folder.resolve("trusted"));
            Files.copy(certificates.resolve("ca.crt"), trusted.resolve("ca.crt"));
            unpackAndCompare(name, config(Map.of("tls", trusted.toString())), umoci(layout));
        }
    }

    @Test
    void aTokenServerIsAskedForThisRepositoryOnly() throws Exception {
        Path layout = RealImages.layout("net");
        Path certificates = folder.resolve("certificates");
        TestCertificates.make(certificates);
        try (TokenServer tokens = TokenServer.start(certificates);
                DockerRegistry registry =
                        DockerRegistry.start(folder.resolve("registry"), "", tokens.registryConfig(certificates))) {
            String name = registry.hostPort() + "/deep/er/net:latest";
            String credentials = TokenServer.USER + ":" + TokenServer.PASSWORD;
            Programs.run(
                    "skopeo",
                    "copy",
                    "-q",
                    "--dest-tls-verify=false",
                    "--dest-creds",
                    credentials,
                    "oci:" + layout + ":latest",
                    "docker://" + name);
            int before = tokens.scopes().size();
            unpackAndCompare(name, config(Map.of("creds", credentials)), umoci(layout));
            assertThat(tokens.scopes().subList(before, tokens.scopes().size()))
                    .isNotEmpty()
                    .allMatch("repository:deep/er/net:pull"::equals);
        }
    }

    private void unpackAndCompare(String name, ResolverConfig config, Path reference) {
        Path tree = unpack(name, config, "tree");
        assertThat(differences(reference, tree)).isEmpty();
    }

    private Path unpack(String name, ResolverConfig config, String target) {
        RuntimeConfig at = RuntimeConfig.at(folder.resolve("root")).withResolver(config);
        try (ImageRuntime runtime = ImageRuntime.open(at)) {
            UnpackedImage image = runtime.unpack(
                    name, Optional.empty(), folder.resolve(target), UnpackForm.MERGED, ProgressListener.NONE);
            assertThat(image.omissions()).isEmpty();
            return image.roots().getFirst();
        }
    }

    private Path umoci(Path layout) throws Exception {
        Path bundle = folder.resolve("bundle");
        Programs.run("umoci", "unpack", "--image", layout + ":latest", bundle.toString());
        return bundle.resolve("rootfs");
    }

    private static List<String> differences(Path reference, Path tree) {
        return TreeListing.of(reference).differences(TreeListing.of(tree), TreeListing.Ignore.ROOT);
    }

    /// @param what `creds` and `tls` (a certificate folder, or empty for none) where a test needs them
    private static ResolverConfig config(Map<String, String> what) {
        String folder = what.getOrDefault("tls", "");
        return new ResolverConfig(
                Optional.empty(),
                Optional.ofNullable(what.get("creds")),
                true,
                folder.isEmpty() ? Optional.empty() : Optional.of(Path.of(folder)),
                !what.containsKey("tls"),
                4,
                Duration.ofSeconds(10),
                1,
                Map.of());
    }
}
