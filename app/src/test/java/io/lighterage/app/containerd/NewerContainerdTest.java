package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.mirror.RequestRecord;
import io.lighterage.proxyplugin.Containerd;
import io.lighterage.proxyplugin.NewerSuite;
import io.lighterage.proxyplugin.Programs;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Images pulled and run by the `ctr` of containerd 2.x, whose transfer service tells the snapshotter what it pulls.
class NewerContainerdTest {
    private static final int LARGE = 3_000_000;

    @TempDir
    Path folder;

    private MirrorServer registry;
    private NewerNode node;

    @BeforeEach
    void start() throws Exception {
        Path ignored = NewerSuite.root();
        Programs.require("busybox");
        Path plain = BusyImage.plain(folder.resolve("plain"), BusyImage.layers(LARGE));
        Path lazy = BusyImage.lazy(folder.resolve("lazy"), plain, folder.resolve("work"));
        registry =
                MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream(Map.of("app", lazy, "plain", plain)));
        node = NewerNode.start(folder, NewerNode.ownVersion(folder, ""), "--no-background");
    }

    @AfterEach
    void stop() throws Exception {
        if (node != null) {
            node.close();
        }
        if (registry != null) {
            registry.close();
        }
    }

    private String image(String repository) {
        return registry.hostPort() + "/" + repository + ":latest";
    }

    private void pull(String snapshotter, String image, String... flags) throws Exception {
        List<String> command = new ArrayList<>(List.of("images", "pull", "--plain-http", "--snapshotter", snapshotter));
        command.addAll(List.of(flags));
        command.add(image);
        String ignored = node.containerd().ctr(command.toArray(String[]::new));
    }

    private String run(String image, String name, String script) throws Exception {
        return node.run(Containerd.SNAPSHOTTER, image, name, script);
    }

    private long sent() {
        return registry.requests().stream()
                .filter(request -> request.path().contains("/blobs/"))
                .mapToLong(RequestRecord::bytesSent)
                .sum();
    }

    private TreeListing tree(String snapshotter, String image) throws Exception {
        Path target = Files.createDirectory(folder.resolve("tree-" + snapshotter));
        node.containerd().ctr("images", "mount", "--snapshotter", snapshotter, image, target.toString());
        try {
            return TreeListing.of(node.containerd().seen(target));
        } finally {
            node.containerd().ctr("images", "unmount", "--snapshotter", snapshotter, "--rm", target.toString());
        }
    }

    @Test
    void aPlainPullLeavesTheLayersInTheRegistryAndItsContainerStarts() throws Exception {
        pull(Containerd.SNAPSHOTTER, image("app"));
        assertThat(node.blobs("default")).as("manifest and configuration").isEqualTo(2);
        assertThat(run(image("app"), "one", "cat /etc/link /top; ls /etc /hidden")
                        .lines())
                .contains("abovetop/etc:", "link", "replaced", "above")
                .doesNotContain("removed", "below");
        String script = "echo new >>/etc/replaced; mv /hidden/above /moved; rm -r /many; cat /etc/replaced /moved";
        assertThat(run(image("app"), "two", script).lines()).containsExactly("abovenew", "above");
        assertThat(node.blobs("default")).isEqualTo(2);
        assertThat(sent()).as("bytes of layers on the wire").isLessThan(LARGE);
    }

    @Test
    void layersWithoutATableOfContentsAreNotPulledByContainerd() throws Exception {
        pull(Containerd.SNAPSHOTTER, image("plain"));
        assertThat(node.blobs("default")).isEqualTo(2);
        assertThat(run(image("plain"), "one", "cat /etc/link /top")).isEqualTo("abovetop");
    }

    @Test
    void aPullByTheClientItselfNamesNoImageAndIsUnpackedByContainerd() throws Exception {
        pull(Containerd.SNAPSHOTTER, image("app"), "--local");
        assertThat(node.blobs("default")).isEqualTo(5);
        assertThat(run(image("app"), "one", "cat /etc/link /top; ls /hidden")).isEqualTo("abovetopabove\n");
    }

    @Test
    void theTreeIsTheOneThatContainerdUnpacks() throws Exception {
        pull(Containerd.SNAPSHOTTER, image("app"));
        TreeListing lazy = tree(Containerd.SNAPSHOTTER, image("app"));
        assertThat(node.blobs("default")).isEqualTo(2);
        pull("overlayfs", image("app"));
        assertThat(node.blobs("default")).isEqualTo(5);
        TreeListing eager = tree("overlayfs", image("app"));
        assertThat(lazy.differences(eager, TreeListing.Ignore.ROOT))
                .allSatisfy(NewerContainerdTest::isPartOfTheFormat)
                .hasSizeLessThanOrEqualTo(3);
        pull("overlayfs", image("plain"));
        Files.delete(folder.resolve("tree-overlayfs"));
        assertThat(lazy.differences(tree("overlayfs", image("plain")), TreeListing.Ignore.ROOT))
                .isEmpty();
    }

    /// Whiteouts, hard links, capabilities and set-id bits as Debian's packages and umoci make them.
    @Test
    void aRealImagesTreeIsTheOneThatContainerdUnpacks() throws Exception {
        Path real = Path.of(System.getProperty("lighterage.images", "")).resolve("net");
        assumeTrue(Files.isDirectory(real), "needs the image " + real + "; ./verify makes it with bench/images/make");
        long began = Instant.now().getEpochSecond();
        BusyImage.lazy(folder.resolve("real"), real, folder.resolve("work"));
        try (MirrorServer other =
                MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("real", folder.resolve("real")))) {
            String image = other.hostPort() + "/real:latest";
            pull(Containerd.SNAPSHOTTER, image);
            TreeListing lazy = tree(Containerd.SNAPSHOTTER, image);
            assertThat(node.blobs("default")).isEqualTo(2);
            pull("overlayfs", image);
            assertThat(lazy.differences(tree("overlayfs", image), TreeListing.Ignore.ROOT).stream()
                            .filter(difference -> !isTimeOfUnpacking(difference, began)))
                    .allSatisfy(NewerContainerdTest::isPartOfTheFormat)
                    .hasSizeLessThanOrEqualTo(3);
        }
    }

    private static final Pattern TIMES = Pattern.compile(".*: time [0-9]+s[0-9]+ns, ([0-9]+)s[0-9]+ns");

    /// Containerd gives it to a directory in which a layer has something while it does not name the directory.
    private static boolean isTimeOfUnpacking(String difference, long began) {
        Matcher times = TIMES.matcher(difference);
        return times.matches() && Long.parseLong(times.group(1)) >= began;
    }

    /// Of a layer, what only whoever reads it in parts needs, and which unpacking leaves in the tree.
    private static void isPartOfTheFormat(String difference) {
        assertThat(difference).containsAnyOf("stargz.index.json", ".no.prefetch.landmark", ".prefetch.landmark");
    }

    @Test
    void aRemovedImageLeavesNothing() throws Exception {
        pull(Containerd.SNAPSHOTTER, image("app"));
        assertThat(run(image("app"), "one", "cat /top")).isEqualTo("top");
        assertThat(node.serving().root().resolve("snapshots")).isNotEmptyDirectory();
        node.containerd().ctr("images", "rm", "--sync", image("app"));
        assertThat(node.left(folder)).isEmpty();
        assertThat(node.blobs("default")).isZero();
        pull(Containerd.SNAPSHOTTER, image("app"));
        assertThat(run(image("app"), "two", "cat /top")).isEqualTo("top");
    }

    @Test
    void whatAContainerWroteCanBeCommittedAndLeavesNothingOnceItIsRemoved() throws Exception {
        pull(Containerd.SNAPSHOTTER, image("app"));
        String script = "echo kept >/etc/replaced; rm /top";
        node.containerd()
                .ctr("run", "--snapshotter", Containerd.SNAPSHOTTER, image("app"), "writer", "/bin/sh", "-c", script);
        snapshots("commit", "written", "writer");
        snapshots("label", "written", "containerd.io/gc.root=yes");
        node.containerd().ctr("container", "rm", "writer");
        Path target = Files.createDirectory(folder.resolve("view"));
        String mount = snapshots("view", "--target", target.toString(), "look", "written");
        Programs.run(folder, Map.of(), "sh", "-c", mount);
        try {
            assertThat(target.resolve("etc/replaced")).content().isEqualTo("kept\n");
            assertThat(target.resolve("top")).doesNotExist();
            assertThat(target.resolve("hidden/above")).content().isEqualTo("above");
        } finally {
            Programs.run(folder, Map.of(), "umount", target.toString());
        }
        snapshots("label", "written", "containerd.io/gc.root="); // so that it is collected, as is what lies on it
        node.containerd().ctr("images", "rm", "--sync", image("app"));
        assertThat(node.left(folder)).isEmpty();
    }

    private String snapshots(String... verb) throws Exception {
        List<String> command = new ArrayList<>(List.of("snapshot", "--snapshotter", Containerd.SNAPSHOTTER));
        command.addAll(List.of(verb));
        return node.containerd().ctr(command.toArray(String[]::new));
    }

    @Test
    void whatASnapshotterMountsAfterItWasKilledArrivesToo() throws Exception {
        pull(Containerd.SNAPSHOTTER, image("app"));
        assertThat(run(image("app"), "one", "cat /top")).isEqualTo("top");
        registry.close();
        node.serving().kill();
        node.serving().startAgain();
        node.awaitConnected();
        assertThat(run(image("app"), "two", "cat /top; ls /hidden")).isEqualTo("topabove\n");
    }
}
