package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Main;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.mirror.RequestRecord;
import io.lighterage.proxyplugin.Containerd;
import io.lighterage.proxyplugin.Programs;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Images pulled and run by containerd's own clients while their layers stay in the registry.
class RemoteSnapshotsTest {
    private static final int LARGE = 3_000_000;

    @TempDir
    Path folder;

    private MirrorServer registry;
    private ServingProcess serving;
    private Containerd containerd;

    @BeforeEach
    void start() throws Exception {
        Programs.require("containerd", "ctr", "ctr-remote", "runc", "busybox", "tar");
        Path plain = BusyImage.plain(folder.resolve("plain"), BusyImage.layers(LARGE));
        Path lazy = BusyImage.lazy(folder.resolve("lazy"), plain, folder.resolve("work"));
        registry = MirrorServer.start(
                MirrorOptions.defaults(), new LayoutUpstream(Map.of("app", lazy, "same", lazy, "plain", plain)));
        serving = ServingProcess.start(folder, "--no-background");
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

    private String image(String repository) {
        return registry.hostPort() + "/" + repository + ":latest";
    }

    /// As nerdctl and stargz-snapshotter's users pull.
    private void pull(String image, String... flags) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("ctr-remote", "-a", containerd.socket().toString()));
        command.addAll(List.of(flags));
        command.addAll(List.of("image", "rpull", "--plain-http", "--snapshotter", Containerd.SNAPSHOTTER, image));
        Programs.run(folder, Map.of(), command.toArray(String[]::new));
    }

    private String run(String image, String name, String script) throws Exception {
        return containerd.ctr(
                "run", "--rm", "--snapshotter", Containerd.SNAPSHOTTER, image, name, "/bin/sh", "-c", script);
    }

    /// What a container of the only image of that snapshotter is laid on. `ctr image mount` of 1.6 takes `overlayfs`
    /// whatever it is told.
    private TreeListing tree(String snapshotter) throws Exception {
        Path target = Files.createDirectory(folder.resolve("tree-" + snapshotter));
        String[] snapshots = {"snapshot", "--snapshotter", snapshotter};
        String mount = containerd.ctr(
                snapshots[0],
                snapshots[1],
                snapshots[2],
                "view",
                "--target",
                target.toString(),
                "look",
                top(snapshotter));
        Programs.run(folder, Map.of(), "sh", "-c", mount);
        try {
            return TreeListing.of(target);
        } finally {
            Programs.run(folder, Map.of(), "umount", target.toString());
            containerd.ctr(snapshots[0], snapshots[1], snapshots[2], "rm", "look");
        }
    }

    /// The snapshot that no other lies on.
    private String top(String snapshotter) throws Exception {
        List<String[]> rows = containerd
                .ctr("snapshot", "--snapshotter", snapshotter, "ls")
                .lines()
                .skip(1)
                .map(line -> line.trim().split(" +"))
                .toList();
        List<String> parents =
                rows.stream().filter(row -> row.length == 3).map(row -> row[1]).toList();
        List<String> tops = rows.stream()
                .map(row -> row[0])
                .filter(name -> !parents.contains(name))
                .toList();
        assertThat(tops).hasSize(1);
        return tops.getFirst();
    }

    /// Containerd dials again after a while.
    private void awaitConnected() throws Exception {
        await(() -> containerd
                        .attempt("snapshot", "--snapshotter", Containerd.SNAPSHOTTER, "ls")
                        .code()
                == 0);
    }

    private static String mounts() throws IOException {
        return Files.readString(Path.of("/proc/self/mountinfo"));
    }

    /// Blobs that containerd has.
    private long blobs() throws Exception {
        return containerd.ctr("content", "ls", "-q").lines().count();
    }

    private long sent() {
        return registry.requests().stream()
                .filter(request -> request.path().contains("/blobs/"))
                .mapToLong(RequestRecord::bytesSent)
                .sum();
    }

    private static void await(Condition condition) throws Exception {
        for (int attempt = 0; attempt < 600 && !condition.holds(); attempt++) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private List<Path> left(String directory) throws IOException {
        Path path = serving.root().resolve(directory);
        if (!Files.exists(path)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(path)) {
            return all.filter(file -> !Files.isDirectory(file) && !file.endsWith("lock"))
                    .toList();
        }
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.findAny().isEmpty();
        }
    }

    private void assertNothingIsLeftOnceItIsRemoved(String image) throws Exception {
        containerd.ctr("image", "rm", "--sync", image);
        await(() -> left("layers").isEmpty()
                && left("blobs").isEmpty()
                && isEmpty(serving.root().resolve("snapshots")));
        assertThat(left("layers")).isEmpty();
        assertThat(left("blobs")).isEmpty();
        assertThat(serving.root().resolve("snapshots")).isEmptyDirectory();
        assertThat(mounts()).doesNotContain(folder.toString());
    }

    @Test
    void aContainerStartsWhileItsLayersStayInTheRegistry() throws Exception {
        pull(image("app"));
        assertThat(blobs()).as("manifest and configuration").isEqualTo(2);
        assertThat(run(image("app"), "one", "cat /etc/link /top; ls /etc /hidden")
                        .lines())
                .contains("abovetop/etc:", "link", "replaced", "above")
                .doesNotContain("removed", "below");
        assertThat(blobs()).isEqualTo(2);
        assertThat(sent()).as("bytes of layers on the wire").isLessThan(LARGE);
    }

    @Test
    void aContainerWritesRenamesAndRemovesWhatIsBelow() throws Exception {
        pull(image("app"));
        String script = "echo new >>/etc/replaced; mv /hidden/above /moved; rm /top; rm -r /many; mkdir /many;"
                + " cat /etc/replaced /moved; ls / /many";
        assertThat(run(image("app"), "one", script).lines())
                .contains("abovenew", "above/:", "moved")
                .doesNotContain("top", "one");
        assertThat(run(image("app"), "two", "cat /etc/replaced /top /many/one")).isEqualTo("abovetop1");
    }

    @Test
    void theTreeIsTheOneThatContainerdUnpacks() throws Exception {
        pull(image("app"));
        TreeListing lazy = tree(Containerd.SNAPSHOTTER);
        assertThat(blobs()).as("manifest and configuration").isEqualTo(2);
        Programs.run(
                folder,
                Map.of(),
                "tar",
                "-C",
                folder.resolve("lazy").toString(),
                "-cf",
                folder.resolve("lazy.tar").toString(),
                ".");
        containerd.ctr(
                "image",
                "import",
                "--snapshotter",
                "overlayfs",
                "--base-name",
                "eager",
                folder.resolve("lazy.tar").toString());
        TreeListing eager = tree("overlayfs");
        // The parts of a layer that only whoever reads it in parts needs, which unpacking leaves in the tree.
        assertThat(lazy.differences(eager, TreeListing.Ignore.ROOT))
                .allSatisfy(difference -> assertThat(difference)
                        .containsAnyOf("stargz.index.json", ".no.prefetch.landmark", ".prefetch.landmark"))
                .hasSizeLessThanOrEqualTo(3);
    }

    @Test
    void afterAKillEverythingIsThereWithoutTheRegistry() throws Exception {
        pull(image("app"));
        assertThat(run(image("app"), "one", "cat /top")).isEqualTo("top");
        registry.close();
        serving.kill();
        serving.startAgain();
        awaitConnected();
        assertThat(run(image("app"), "two", "cat /top; ls /hidden")).isEqualTo("topabove\n");
        serving.stop();
        assertThat(mounts()).doesNotContain(folder.toString());
        serving.startAgain();
        awaitConnected();
        assertThat(run(image("app"), "three", "cat /top")).isEqualTo("top");
    }

    @Test
    void aRemovedImageLeavesNothing() throws Exception {
        pull(image("app"));
        run(image("app"), "one", "cat /top");
        assertThat(left("layers")).isNotEmpty();
        assertNothingIsLeftOnceItIsRemoved(image("app"));
        pull(image("app"));
        assertThat(run(image("app"), "two", "cat /top")).isEqualTo("top");
    }

    @Test
    void twoNamespacesAndTwoImagesWithTheSameLayersFetchThemOnce() throws Exception {
        pull(image("app"));
        assertThat(run(image("app"), "one", "cat /top")).isEqualTo("top");
        long before = sent();
        pull(image("app"), "--namespace", "other");
        pull(image("same"), "--namespace", "other");
        String seen = containerd.ctr(
                "--namespace",
                "other",
                "run",
                "--rm",
                "--snapshotter",
                Containerd.SNAPSHOTTER,
                image("same"),
                "one",
                "/bin/sh",
                "-c",
                "cat /top");
        assertThat(seen).isEqualTo("top");
        assertThat(sent() - before).as("documents, and nothing of layers").isLessThan(20_000);
        containerd.ctr("image", "rm", "--sync", image("app"));
        assertThat(containerd.ctr("--namespace", "other", "snapshot", "--snapshotter", Containerd.SNAPSHOTTER, "ls"))
                .contains("Committed");
    }

    @Test
    void aPlainPullOfWhatAnotherNamespaceHasLazilyGetsItsOwnSnapshots() throws Exception {
        pull(image("app"), "--namespace", "other");
        containerd.ctr("image", "pull", "--plain-http", "--snapshotter", Containerd.SNAPSHOTTER, image("app"));
        assertThat(blobs()).isEqualTo(5);
        assertThat(run(image("app"), "one", "cat /top")).isEqualTo("top");
    }

    @Test
    void layersWithoutATableOfContentsAreNotPulledByContainerd() throws Exception {
        pull(image("plain"));
        assertThat(blobs()).isEqualTo(2);
        assertThat(run(image("plain"), "one", "cat /etc/link /top")).isEqualTo("abovetop");
    }

    @Test
    void whatAContainerWroteCanBeCommittedAndBuiltOn() throws Exception {
        pull(image("app"));
        String[] snapshots = {"snapshot", "--snapshotter", Containerd.SNAPSHOTTER};
        containerd.ctr(
                "run",
                "--snapshotter",
                Containerd.SNAPSHOTTER,
                image("app"),
                "writer",
                "/bin/sh",
                "-c",
                "echo kept >/etc/replaced; rm /top");
        containerd.ctr(snapshots[0], snapshots[1], snapshots[2], "commit", "written", "writer");
        containerd.ctr(snapshots[0], snapshots[1], snapshots[2], "label", "written", "containerd.io/gc.root=yes");
        containerd.ctr("container", "rm", "writer");
        Path target = Files.createDirectory(folder.resolve("view"));
        String mount = containerd.ctr(
                snapshots[0], snapshots[1], snapshots[2], "view", "--target", target.toString(), "look", "written");
        Programs.run(folder, Map.of(), "sh", "-c", mount);
        try {
            assertThat(target.resolve("etc/replaced")).content().isEqualTo("kept\n");
            assertThat(target.resolve("top")).doesNotExist();
            assertThat(target.resolve("hidden/above")).content().isEqualTo("above");
        } finally {
            Programs.run(folder, Map.of(), "umount", target.toString());
        }
        containerd.ctr(snapshots[0], snapshots[1], snapshots[2], "rm", "look");
        containerd.ctr(snapshots[0], snapshots[1], snapshots[2], "rm", "written");
        assertNothingIsLeftOnceItIsRemoved(image("app"));
    }

    private String lighter(int code, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(1, List.of("--root", serving.root().toString()));
        assertThat(Main.run(all, stream, stream, Map.of())).isEqualTo(code);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void theDaemonTellsWhatItsMountsWaitForAlsoAfterwards() throws Exception {
        pull(image("app"));
        run(image("app"), "one", "cat /top");
        assertThat(lighter(0, "status")).contains(registry.hostPort() + "/app@sha256:", "process " + serving.pid());
        Path mounted = mountedAt();
        assertThat(lighter(0, "why", mounted.toString())).contains("readable after", "filling: with", "bin/busybox");
        assertThat(lighter(ExitCode.OTHER, "umount", mounted.toString())).contains("belongs to a snapshot");
        assertThat(run(image("app"), "two", "cat /top")).isEqualTo("top");
        serving.stop();
        assertThat(lighter(0, "why", mounted.toString())).contains("not mounted any more", "bin/busybox");
    }

    /// What the kernel has the file system for is shown by that.
    private static final Pattern MOUNT = Pattern.compile("(/\\S*/snapshots/[0-9]+/fs) .* - (fuse.lighter|erofs) ");

    private static boolean kernelHasErofs() throws IOException {
        return Files.readString(Path.of("/proc/filesystems")).contains("\terofs\n");
    }

    private Path mountedAt() throws IOException {
        MatchResult mount = MOUNT.matcher(mounts())
                .results()
                .filter(found -> found.group(1).startsWith(serving.root().toString()))
                .findFirst()
                .orElseThrow();
        assertThat(mount.group(2)).isEqualTo(kernelHasErofs() ? "erofs" : "fuse.lighter");
        return Path.of(mount.group(1));
    }

    @Test
    void aRegistryThatNobodyAnswersForLeavesThePullToContainerd() throws Exception {
        String gone = "localhost:1/nothing:latest";
        List<String> command = List.of(
                "ctr-remote",
                "-a",
                containerd.socket().toString(),
                "image",
                "rpull",
                "--plain-http",
                "--snapshotter",
                Containerd.SNAPSHOTTER,
                gone);
        assertThat(Programs.attempt(folder, Map.of(), command).code()).isNotZero();
        pull(image("app"));
        assertThat(run(image("app"), "one", "cat /top")).isEqualTo("top");
    }
}
