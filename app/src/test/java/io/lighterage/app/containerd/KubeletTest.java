package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.mirror.RequestRecord;
import io.lighterage.proxyplugin.Containerd;
import io.lighterage.proxyplugin.ImagePull;
import io.lighterage.proxyplugin.Kubelet;
import io.lighterage.proxyplugin.NewerSuite;
import io.lighterage.proxyplugin.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Containers started as the kubelet starts them, by containerd 2.x.
class KubeletTest {
    private static final int LARGE = 3_000_000;
    private static final String NAMESPACE = "k8s.io";
    private static final String USER = "kubelet";
    private static final String SECRET = "s3cret-of-the-kubelet";
    private static final String SCRIPT =
            "echo $(cat /etc/link /top) $(ls /etc) $(ls /hidden); wc -c </noise; exec sleep 3600";

    @TempDir
    Path folder;

    private LayoutUpstream images;

    @BeforeEach
    void makeImages() throws Exception {
        Path ignored = NewerSuite.root();
        Programs.require("busybox");
        Path plain = BusyImage.plain(folder.resolve("plain"), BusyImage.layers(LARGE));
        Path lazy = BusyImage.lazy(folder.resolve("lazy"), plain, folder.resolve("work"));
        images = new LayoutUpstream(Map.of("app", lazy, "pause", BusyImage.pause(folder.resolve("pause"))));
    }

    private static String image(MirrorServer registry, String repository) {
        return registry.hostPort() + "/" + repository + ":latest";
    }

    /// One that keeps to what a root without CAP_SYS_RESOURCE may do.
    private String configuration(MirrorServer registry) {
        return NewerNode.ownVersion(folder, """
                [plugins.'io.containerd.cri.v1.images'.pinned_images]
                  sandbox = "%s"
                [plugins.'io.containerd.cri.v1.runtime']
                  restrict_oom_score_adj = true
                """.formatted(image(registry, "pause")));
    }

    private static long sent(MirrorServer registry) {
        return registry.requests().stream()
                .filter(request -> request.path().contains("/blobs/"))
                .mapToLong(RequestRecord::bytesSent)
                .sum();
    }

    /// What a container has said, once it has said so many lines.
    private static String said(Path log, int lines) throws IOException, InterruptedException {
        for (int attempt = 0; attempt < 600; attempt++) {
            if (Files.exists(log) && Files.readAllLines(log).size() >= lines) {
                break;
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        return Files.readString(log);
    }

    @Test
    void aContainerRunsBeforeItsLayersAreThereAndNothingStaysOfIt() throws Exception {
        try (MirrorServer registry = MirrorServer.start(MirrorOptions.defaults(), images);
                NewerNode node = NewerNode.start(folder, configuration(registry), "--no-background");
                Kubelet kubelet = Kubelet.of(node.containerd().socket())) {
            kubelet.pull(image(registry, "app"));
            assertThat(node.blobs(NAMESPACE)).as("manifest and configuration").isEqualTo(2);
            Path logs = Files.createDirectory(folder.resolve("logs"));
            Kubelet.Pod pod = kubelet.start("pod", logs);
            long before = sent(registry);
            kubelet.start(
                    pod,
                    "first",
                    image(registry, "app"),
                    "/bin/sh",
                    "-c",
                    "echo $(cat /etc/link /top); exec sleep 3600");
            assertThat(said(logs.resolve("first.log"), 1)).contains(" stdout ", "abovetop");
            assertThat(sent(registry) - before)
                    .as("bytes that the start needed")
                    .isLessThan(LARGE);
            kubelet.start(pod, "second", image(registry, "app"), "/bin/sh", "-c", SCRIPT);
            assertThat(said(logs.resolve("second.log"), 2))
                    .contains("abovetop hostname hosts link replaced resolv.conf above\n", Integer.toString(LARGE));
            assertThat(node.blobs(NAMESPACE))
                    .as("those of the pod's own image, too")
                    .isEqualTo(4);
            kubelet.remove(pod);
            kubelet.removeImage(image(registry, "app"));
            kubelet.removeImage(image(registry, "pause"));
            assertThat(node.left(folder)).isEmpty();
            assertThat(node.blobs(NAMESPACE)).isZero();
        }
    }

    @Test
    void aPrivateImagePulledThroughTheSnapshotterOpensWithWhatTheKubeletSent() throws Exception {
        Path backend = folder.resolve("containerd/c.sock");
        try (MirrorServer registry = MirrorServer.start(MirrorOptions.defaults().withBasic(USER, SECRET), images);
                NewerNode node = NewerNode.start(
                        folder, configuration(registry), "--no-background", "--image-service", "" + backend);
                Kubelet kubelet = Kubelet.of(backend)) {
            ImagePull.run(node.serving().socket(), image(registry, "pause"), USER, SECRET);
            ImagePull.run(node.serving().socket(), image(registry, "app"), USER, SECRET);
            assertThat(node.blobs(NAMESPACE)).isEqualTo(4);
            Path logs = Files.createDirectory(folder.resolve("logs"));
            Kubelet.Pod pod = kubelet.start("pod", logs);
            kubelet.start(pod, "one", image(registry, "app"), "/bin/sh", "-c", SCRIPT);
            assertThat(said(logs.resolve("one.log"), 2)).contains("abovetop", Integer.toString(LARGE));
            kubelet.remove(pod);
        }
    }

    /// Of version 2, where containerd 2.x takes nothing for the kubelet from the tables of 1.x unless they name a
    /// runtime.
    @Test
    void theConfigurationOfTheSuitesPackageIsAddedToSoThatItsContainerdPullsLazily() throws Exception {
        try (MirrorServer registry = MirrorServer.start(MirrorOptions.defaults(), images);
                NewerNode node = NewerNode.start(folder, NewerNode.packaged(folder), "--no-background");
                Kubelet kubelet = Kubelet.of(node.containerd().socket())) {
            kubelet.pull(image(registry, "app"));
            assertThat(node.blobs(NAMESPACE)).as("manifest and configuration").isEqualTo(2);
            node.containerd()
                    .ctr(
                            "images",
                            "pull",
                            "--plain-http",
                            "--snapshotter",
                            Containerd.SNAPSHOTTER,
                            image(registry, "app"));
            assertThat(node.blobs("default")).isEqualTo(2);
            assertThat(node.run(Containerd.SNAPSHOTTER, image(registry, "app"), "one", "cat /top"))
                    .isEqualTo("top");
        }
    }
}
