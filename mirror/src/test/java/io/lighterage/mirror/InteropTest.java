package io.lighterage.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.Platform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The mirror against the clients people use.
@Timeout(120)
class InteropTest {
    private static final Platform AMD64 = new Platform("linux", "amd64", "");

    @TempDir
    Path directory;

    private Path layout = Path.of("");
    private Descriptor image = new Descriptor("", Digest.sha256(new byte[0]), 0);

    @BeforeEach
    void write() {
        layout = directory.resolve("layout");
        image = LayoutWriter.write(layout, "latest", AMD64, SampleLayers.of("one", "two", "three"));
    }

    private static void succeeds(String... command) throws IOException, InterruptedException {
        Commands.Result result = Commands.run(command);
        assertThat(result.exit()).as(result.output()).isZero();
    }

    private void copiedBack(String... options) throws IOException, InterruptedException {
        Path target = directory.resolve("copied");
        List<String> command = new java.util.ArrayList<>(List.of("skopeo", "copy", "--preserve-digests"));
        command.addAll(List.of(options));
        command.add("oci:" + target + ":latest");
        succeeds(command.toArray(String[]::new));
        assertThat(new LayoutUpstream("x", target)
                        .manifest("x", "latest")
                        .orElseThrow()
                        .digest())
                .isEqualTo(image.digest());
    }

    @Test
    void skopeoInspectsAndCopiesFromALayout() throws Exception {
        Commands.assumeInstalled("skopeo");
        try (MirrorServer server =
                MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("demo/app", layout))) {
            String reference = "docker://" + server.hostPort() + "/demo/app:latest";
            Commands.Result inspected = Commands.run("skopeo", "inspect", "--tls-verify=false", reference);
            assertThat(inspected.output()).contains(image.digest().toString()).contains("\"Architecture\": \"amd64\"");
            copiedBack("--src-tls-verify=false", reference);
        }
    }

    @Test
    void skopeoPushesAndPullsWithATokenOverTls() throws Exception {
        Commands.assumeInstalled("skopeo");
        Path keys = directory.resolve("keys.p12");
        Path certificates = Files.createDirectories(directory.resolve("certs"));
        Commands.selfSigned(keys, "changeit");
        Commands.exportCertificate(keys, "changeit", certificates.resolve("ca.crt"));
        MirrorOptions options = MirrorOptions.defaults()
                .withTls(keys, "changeit")
                .withTokens("ann", "pw")
                .withPush();
        try (MirrorServer server = MirrorServer.start(options, new MemoryUpstream())) {
            assertThat(server.uri().getScheme()).isEqualTo("https");
            String reference = "docker://" + server.hostPort() + "/pushed/app:v1";
            succeeds(
                    "skopeo",
                    "copy",
                    "--dest-creds=ann:pw",
                    "--dest-cert-dir=" + certificates,
                    "oci:" + layout + ":latest",
                    reference);
            copiedBack("--src-creds=ann:pw", "--src-cert-dir=" + certificates, reference);
            assertThat(server.requests())
                    .anyMatch(request -> request.authScheme().equals("Bearer"));
        }
    }

    @Test
    void skopeoPushesWithBasicAccess() throws Exception {
        Commands.assumeInstalled("skopeo");
        MirrorOptions options = MirrorOptions.defaults().withBasic("ann", "pw").withPush();
        MemoryUpstream upstream = new MemoryUpstream();
        try (MirrorServer server = MirrorServer.start(options, upstream)) {
            succeeds(
                    "skopeo",
                    "copy",
                    "--dest-creds=ann:pw",
                    "--dest-tls-verify=false",
                    "oci:" + layout + ":latest",
                    "docker://" + server.hostPort() + "/pushed/app:v1");
        }
        assertThat(upstream.manifest("pushed/app", "v1").orElseThrow().digest()).isEqualTo(image.digest());
    }

    @Test
    void curlResumesAndReadsRanges() throws Exception {
        Commands.assumeInstalled("curl");
        byte[] content = new byte[3_000_000];
        new Random(5).nextBytes(content);
        MemoryUpstream upstream = new MemoryUpstream();
        Digest blob = upstream.put("a/b", ByteBuffer.wrap(content));
        try (MirrorServer server = MirrorServer.start(MirrorOptions.defaults(), upstream)) {
            String url = server.uri() + "/v2/a/b/blobs/" + blob;
            Path file = directory.resolve("blob");
            server.faults().nextBlobs(1, new Fault.Cut(1_000_000));
            assertThat(Commands.run("curl", "-s", "-o", file.toString(), url).exit())
                    .isEqualTo(18);
            assertThat(Files.size(file)).isEqualTo(1_000_000);
            succeeds("curl", "-s", "-C", "-", "-o", file.toString(), url);
            assertThat(Files.readAllBytes(file)).isEqualTo(content);
            assertThat(server.requests().getLast().range()).isEqualTo("bytes=1000000-");
            Path slice = directory.resolve("slice");
            succeeds("curl", "-s", "-r", "-500", "-o", slice.toString(), url);
            assertThat(Files.readAllBytes(slice))
                    .isEqualTo(java.util.Arrays.copyOfRange(content, 2_999_500, 3_000_000));
        }
    }
}
