package io.lighterage.proxyplugin;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Platform;
import io.lighterage.mirror.LayerFile;
import io.lighterage.mirror.LayoutWriter;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.stargz.tar.Tars;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Containerd with our snapshotter, started as its users start it.
class ContainerdTest {
    private static final String IMAGE = "test:latest";

    @TempDir
    Path folder;

    private RunningServer server;
    private Containerd containerd;

    @BeforeEach
    void start() throws Exception {
        Programs.require("containerd", "ctr", "runc", "busybox", "tar");
        Path socket = folder.resolve("s.sock");
        server = RunningServer.start(folder.resolve("root"), socket);
        containerd = Containerd.start(folder.resolve("containerd"), socket);
    }

    @AfterEach
    void stop() {
        if (containerd != null) {
            containerd.close();
            server.close();
        }
    }

    /// Three layers that write, replace, hide and remove what lies below.
    private Path image() throws IOException, InterruptedException {
        byte[] busybox = Files.readAllBytes(Objects.requireNonNull(Programs.find("busybox")));
        List<byte[]> layers = List.of(
                Tars.tarOf(
                        Tars.dir("bin/"),
                        Tars.file("bin/busybox", busybox).mode(0755),
                        Tars.symlink("bin/sh", "busybox"),
                        Tars.dir("etc/"),
                        Tars.file("etc/removed", "below"),
                        Tars.file("etc/replaced", "below"),
                        Tars.dir("hidden/"),
                        Tars.file("hidden/below", "below")),
                Tars.tarOf(
                        Tars.dir("etc/"),
                        Tars.whiteout("etc/removed"),
                        Tars.file("etc/replaced", "above"),
                        Tars.hardlink("etc/link", "etc/replaced"),
                        Tars.dir("hidden/"),
                        Tars.opaque("hidden"),
                        Tars.file("hidden/above", "above")),
                Tars.tarOf(Tars.file("top", "top")));
        Path layout = folder.resolve("layout");
        LayoutWriter.write(
                layout,
                "latest",
                new Platform("linux", "amd64", ""),
                layers.stream()
                        .map(tar -> new LayerFile(
                                MediaType.OCI_LAYER, Digest.sha256(tar), "test", () -> new ByteArrayInputStream(tar)))
                        .toList());
        Path archive = folder.resolve("image.tar");
        Programs.run(folder, Map.of(), "tar", "-C", layout.toString(), "-cf", archive.toString(), ".");
        return archive;
    }

    private void importImage(String snapshotter) throws Exception {
        String archive = image().toString();
        containerd.ctr("image", "import", "--snapshotter", snapshotter, "--base-name", "test", archive);
    }

    private TreeListing tree(String snapshotter) throws Exception {
        Path target = Files.createDirectory(folder.resolve("tree-" + snapshotter));
        containerd.ctr("image", "mount", "--snapshotter", snapshotter, IMAGE, target.toString());
        try {
            return TreeListing.of(target);
        } finally {
            containerd.ctr("image", "unmount", "--snapshotter", snapshotter, "--rm", target.toString());
        }
    }

    private static String mounts() throws IOException {
        return Files.readString(Path.of("/proc/self/mountinfo"));
    }

    /// Containerd collects in the background.
    private void awaitNothingLeft() throws Exception {
        for (int attempt = 0; attempt < 600 && !isEmpty(); attempt++) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        assertThat(server.snapshotter().list()).isEmpty();
        assertThat(folder.resolve("root/snapshots")).isEmptyDirectory();
        assertThat(mounts()).doesNotContain(folder.toString());
    }

    private boolean isEmpty() throws IOException {
        try (Stream<Path> directories = Files.list(folder.resolve("root/snapshots"))) {
            return server.snapshotter().list().isEmpty()
                    && directories.findAny().isEmpty();
        }
    }

    @Test
    void anImagesTreeIsTheOneOverlayfsShowsAndItsRemovalLeavesNothing() throws Exception {
        importImage(Containerd.SNAPSHOTTER);
        importImage("overlayfs");
        assertThat(server.snapshotter().list()).hasSize(3);
        assertThat(tree(Containerd.SNAPSHOTTER).differences(tree("overlayfs"), TreeListing.Ignore.ROOT))
                .isEmpty();
        containerd.ctr("image", "rm", "--sync", IMAGE);
        awaitNothingLeft();
    }

    @Test
    void aContainerRunsWritesAndGoes() throws Exception {
        importImage(Containerd.SNAPSHOTTER);
        String seen = containerd.ctr(
                "run",
                "--rm",
                "--snapshotter",
                Containerd.SNAPSHOTTER,
                IMAGE,
                "one",
                "/bin/sh",
                "-c",
                "cat etc/replaced top; ls etc hidden; echo new >etc/replaced; rm top; cat etc/replaced");
        assertThat(seen.lines())
                .contains("abovetopetc:", "link", "above", "new")
                .doesNotContain("removed", "below");
        containerd.ctr("image", "rm", "--sync", IMAGE);
        awaitNothingLeft();
    }

    @Test
    void theVerbsForSnapshotsWork() throws Exception {
        String[] verb = {"snapshot", "--snapshotter", Containerd.SNAPSHOTTER};
        containerd.ctr(verb[0], verb[1], verb[2], "prepare", "work in progress");
        containerd.ctr(verb[0], verb[1], verb[2], "label", "work in progress", "containerd.io/gc.root=yes");
        containerd.ctr(verb[0], verb[1], verb[2], "commit", "done: 1", "work in progress");
        containerd.ctr(verb[0], verb[1], verb[2], "view", "looking", "done: 1");
        assertThat(containerd.ctr(verb[0], verb[1], verb[2], "list").lines())
                .anyMatch(line -> line.startsWith("done: 1") && line.contains("Committed"))
                .anyMatch(line -> line.startsWith("looking") && line.contains("View"));
        assertThat(containerd.ctr(verb[0], verb[1], verb[2], "usage", "done: 1"))
                .contains("done: 1");
        assertThat(containerd
                        .attempt(verb[0], verb[1], verb[2], "rm", "done: 1")
                        .output())
                .contains("cannot remove");
        containerd.ctr(verb[0], verb[1], verb[2], "rm", "looking");
        assertThat(containerd.ctr(verb[0], verb[1], verb[2], "list")).doesNotContain("looking");
        containerd.ctr(verb[0], verb[1], verb[2], "rm", "done: 1");
        containerd.ctr("leases", "create", "--id", "none");
        containerd.ctr("leases", "rm", "--sync", "none"); // until then containerd only forgets them
        awaitNothingLeft();
    }
}
