package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.proxyplugin.Containerd;
import io.lighterage.proxyplugin.ImagePull;
import io.lighterage.proxyplugin.Programs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A private image as the kubelet pulls it: through the snapshotter's socket, from a registry that asks for a password.
class LearnedCredentialsTest {
    private static final int LARGE = 3_000_000;
    private static final String SECRET = "s3cret-of-the-kubelet";

    @TempDir
    Path folder;

    private MirrorServer registry;
    private ServingProcess serving;
    private Containerd containerd;

    @BeforeEach
    void start() throws Exception {
        Programs.require("containerd", "ctr", "runc", "busybox");
        Path plain = BusyImage.plain(folder.resolve("plain"), BusyImage.layers(LARGE));
        Path lazy = BusyImage.lazy(folder.resolve("lazy"), plain, folder.resolve("work"));
        registry = MirrorServer.start(
                MirrorOptions.defaults().withBasic("kubelet", SECRET), new LayoutUpstream("app", lazy));
        Path backend = folder.resolve("containerd/c.sock");
        serving = ServingProcess.start(folder, "--no-background", "--image-service", backend.toString());
        containerd = Containerd.startWithCri(folder.resolve("containerd"), serving.socket());
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

    private Programs.Result run(String name, String script) throws Exception {
        return containerd.attempt(
                "--namespace",
                "k8s.io",
                "run",
                "--rm",
                "--snapshotter",
                Containerd.SNAPSHOTTER,
                image(),
                name,
                "/bin/sh",
                "-c",
                script);
    }

    private void awaitConnected() throws Exception {
        for (int attempt = 0; attempt < 200; attempt++) {
            String[] list = {"--namespace", "k8s.io", "snapshot", "--snapshotter", Containerd.SNAPSHOTTER, "ls"};
            if (containerd.attempt(list).code() == 0) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private List<Path> filesWithTheSecret(Path top) throws IOException {
        try (Stream<Path> all = Files.walk(top)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> contains(file, SECRET))
                    .toList();
        }
    }

    private static boolean contains(Path file, String text) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whatTheKubeletPullsWithOpensTheLayersAlsoAfterARestart() throws Exception {
        ImagePull.run(serving.socket(), image(), "kubelet", SECRET);
        assertThat(containerd
                        .ctr("--namespace", "k8s.io", "content", "ls", "-q")
                        .lines())
                .as("manifest and configuration")
                .hasSize(2);
        assertThat(run("one", "cat /etc/link /top").output()).isEqualTo("abovetop");
        serving.kill();
        serving.startAgain();
        awaitConnected();
        Programs.Result read = run("two", "wc -c </noise");
        assertThat(read.output().strip()).as("bytes that only the registry has").isEqualTo(Integer.toString(LARGE));
        assertThat(serving.log()).doesNotContain(SECRET);
        assertThat(filesWithTheSecret(serving.root())).isEmpty();
    }

    @Test
    void aWrongPasswordIsRefusedAsContainerdRefusesIt() {
        assertThatThrownBy(() -> ImagePull.run(serving.socket(), image(), "kubelet", "wrong"))
                .hasMessageContaining("app:latest");
    }
}
