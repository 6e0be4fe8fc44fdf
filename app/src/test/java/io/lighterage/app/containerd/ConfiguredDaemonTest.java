package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.mirror.Fault;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.proxyplugin.Containerd;
import io.lighterage.proxyplugin.Programs;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.ObjectMapper;

/// A daemon that was told everything by a file.
class ConfiguredDaemonTest {
    private static final String SECRET = "s3cret-in-the-auth-file";
    private static final String SIGNATURE = "signature-that-opens-the-storage";
    private static final Pattern METRICS = Pattern.compile("http://?(127\\.0\\.0\\.1:[0-9]+)/metrics");

    @TempDir
    Path folder;

    private Path config(String host) throws Exception {
        String pair = Base64.getEncoder().encodeToString(("puller:" + SECRET).getBytes(StandardCharsets.UTF_8));
        return config(host, "{\"auths\": {\"" + host + "\": {\"auth\": \"" + pair + "\"}}}");
    }

    private Path config(String host, String credentials) throws Exception {
        Path secrets = Files.writeString(folder.resolve("auth.json"), credentials);
        return Files.writeString(folder.resolve("config.toml"), """
                address = "%1$s/s.sock"
                root = "%1$s/root"
                metrics-address = "127.0.0.1:0"

                [log]
                format = "json"
                level = "debug"

                [lazy]
                background = false
                read-timeout = "3s"

                [registries]
                authfile = "%2$s"
                retries = 0

                [registry."%3$s"]
                plain-http = true
                """.formatted(folder, secrets, host));
    }

    private static String get(String address) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(address)).build();
            return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
        }
    }

    @Test
    void itServesAsTheFileSaysAndItsLogIsJsonWithoutSecrets() throws Exception {
        Programs.require("containerd", "ctr", "ctr-remote", "runc", "busybox");
        Path plain = BusyImage.plain(folder.resolve("plain"), BusyImage.layers(1_000_000));
        Path lazy = BusyImage.lazy(folder.resolve("lazy"), plain, folder.resolve("work"));
        MirrorServer storage = MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("app", lazy));
        try (MirrorServer registry = MirrorServer.start(
                        MirrorOptions.defaults().withBasic("puller", SECRET), new LayoutUpstream("app", lazy));
                ServingProcess serving = ServingProcess.startConfigured(
                        folder, "--config", config(registry.hostPort()).toString());
                Containerd containerd = Containerd.start(folder.resolve("containerd"), serving.socket())) {
            registry.faults()
                    .next(
                            1000,
                            "GET",
                            path -> path.contains("/blobs/"),
                            new Fault.Redirect(path -> URI.create(
                                    "http://" + storage.hostPort() + path + "?X-Amz-Signature=" + SIGNATURE)));
            String image = registry.hostPort() + "/app:latest";
            pull(containerd, image);
            assertThat(run(containerd, image, "one", "cat /top").output()).isEqualTo("top");
            Matcher metrics = METRICS.matcher(serving.log());
            assertThat(metrics.find()).as(serving.log()).isTrue();
            String base = "http://" + metrics.group(1);
            assertThat(get(base + "/healthz")).isEqualTo("ok\n");
            assertThat(get(base + "/metrics"))
                    .contains("lighter_snapshots{kind=\"taken\"} 3.0", "lighter_mounts 1.0")
                    .doesNotContain(SECRET, "sha256:");

            storage.close(); // so that something goes wrong with a signed address
            assertThat(run(containerd, image, "two", "cat /noise").code()).isNotZero();
            List<String> lines = serving.log().lines().toList();
            assertThat(lines)
                    .hasSizeGreaterThan(2)
                    .allSatisfy(line -> assertThat(new ObjectMapper()
                                    .readTree(line)
                                    .path("message")
                                    .isString())
                            .isTrue());
            assertThat(serving.log())
                    .doesNotContain(SECRET, SIGNATURE)
                    .doesNotContain(
                            Base64.getEncoder().encodeToString(("puller:" + SECRET).getBytes(StandardCharsets.UTF_8)));
        } finally {
            storage.close();
        }
    }

    /// A program that knows the secret, and writes down what it is asked for.
    private Path helper() throws Exception {
        Path bin = Files.createDirectory(folder.resolve("bin"));
        Path program = Files.writeString(
                bin.resolve("docker-credential-cloud"), """
                #!/bin/sh
                read -r host
                echo "$1 $host" >>"%s"
                echo '{"ServerURL": "", "Username": "puller", "Secret": "%s"}'
                """.formatted(folder.resolve("asked"), SECRET));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return bin;
    }

    @Test
    void aCredentialHelperOnThePathOpensTheLayers() throws Exception {
        Programs.require("containerd", "ctr", "ctr-remote", "runc", "busybox");
        Path plain = BusyImage.plain(folder.resolve("plain"), BusyImage.layers(1_000_000));
        Path lazy = BusyImage.lazy(folder.resolve("lazy"), plain, folder.resolve("work"));
        Map<String, String> environment = Map.of("PATH", helper() + ":" + System.getenv("PATH"));
        try (MirrorServer registry = MirrorServer.start(
                MirrorOptions.defaults().withBasic("puller", SECRET), new LayoutUpstream("app", lazy))) {
            String host = registry.hostPort();
            Path config = config(host, "{\"credHelpers\": {\"" + host + "\": \"cloud\"}}");
            try (ServingProcess serving =
                            ServingProcess.startConfigured(folder, environment, "--config", config.toString());
                    Containerd containerd = Containerd.start(folder.resolve("containerd"), serving.socket())) {
                String image = host + "/app:latest";
                pull(containerd, image);
                assertThat(containerd.ctr("content", "ls", "-q").lines())
                        .as("manifest and configuration")
                        .hasSize(2);
                assertThat(run(containerd, image, "one", "cat /top").output()).isEqualTo("top");
                assertThat(Files.readAllLines(folder.resolve("asked"))).containsOnly("get " + host);
                assertThat(serving.log()).doesNotContain(SECRET);
            }
        }
    }

    /// By a client that has credentials of its own.
    private void pull(Containerd containerd, String image) throws Exception {
        containerd.rpull(image, "--user", "puller:" + SECRET);
    }

    private static Programs.Result run(Containerd containerd, String image, String name, String script)
            throws Exception {
        return containerd.attempt(
                "run", "--rm", "--snapshotter", Containerd.SNAPSHOTTER, image, name, "/bin/sh", "-c", script);
    }
}
