package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.proxyplugin.Containerd;
import io.lighterage.proxyplugin.Programs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A private image whose password only the client has, so that the daemon cannot read a layer of it.
class FallbackPullTest {
    private static final String SECRET = "s3cret-of-the-client";

    @TempDir
    Path folder;

    private MirrorServer registry;
    private ServingProcess serving;
    private Containerd containerd;

    @BeforeEach
    void start() throws Exception {
        Programs.require("containerd", "ctr", "ctr-remote", "runc", "busybox");
        Path plain = BusyImage.plain(folder.resolve("plain"), BusyImage.layers(3_000_000));
        Path lazy = BusyImage.lazy(folder.resolve("lazy"), plain, folder.resolve("work"));
        registry = MirrorServer.start(
                MirrorOptions.defaults().withBasic("client", SECRET), new LayoutUpstream("app", lazy));
        serving = ServingProcess.start(folder, "--no-background", "--log-level", "info");
        containerd = Containerd.start(folder.resolve("containerd"), serving.socket());
    }

    @AfterEach
    void stop() {
        if (containerd != null) {
            containerd.close();
            serving.close();
        }
        if (registry != null) {
            registry.close();
        }
    }

    private String image() {
        return registry.hostPort() + "/app:latest";
    }

    private void pull() throws Exception {
        containerd.rpull(image(), "--user", "client:" + SECRET);
    }

    private List<String> answered(int status) {
        return registry.requests().stream()
                .filter(request -> request.status() == status && request.path().contains("/blobs/"))
                .map(request -> request.path().substring(request.path().lastIndexOf('/') + 1))
                .distinct()
                .sorted()
                .toList();
    }

    private List<Path> layers() throws Exception {
        Path layers = serving.root().resolve("layers");
        if (!Files.exists(layers)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(layers)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void whatTheDaemonMayNotReadIsPulledByContainerdAndTheContainerRuns() throws Exception {
        pull();
        assertThat(containerd.ctr("content", "ls", "-q").lines())
                .as("manifest, configuration and three layers")
                .hasSize(5)
                .containsAll(answered(200));
        assertThat(answered(200)).as("configuration and three layers").hasSize(4);
        assertThat(serving.log()
                        .lines()
                        .filter(line -> line.contains("is left to the client") && line.contains("HTTP 401")))
                .as("the daemon asked for the base and was refused; above what is unpacked it takes nothing")
                .hasSize(1);
        assertThat(layers()).isEmpty();
        assertThat(containerd.ctr(
                        "run",
                        "--rm",
                        "--snapshotter",
                        Containerd.SNAPSHOTTER,
                        image(),
                        "one",
                        "/bin/sh",
                        "-c",
                        "cat /etc/link /top; ls /hidden"))
                .isEqualTo("abovetopabove\n");
    }
}
