package io.lighterage.remotesnapshotter.snapshots;

import static io.lighterage.remotesnapshotter.snapshots.OpenSnapshots.directories;
import static io.lighterage.remotesnapshotter.snapshots.OpenSnapshots.key;
import static io.lighterage.remotesnapshotter.snapshots.OpenSnapshots.kind;
import static io.lighterage.remotesnapshotter.snapshots.OpenSnapshots.mounts;
import static io.lighterage.remotesnapshotter.snapshots.OpenSnapshots.requireRoot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.SnapshotUsage;
import io.lighterage.linux.MountFlags;
import io.lighterage.linux.NativeMountCalls;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalSnapshotterTest {
    private final NativeMountCalls kernel = new NativeMountCalls();

    @TempDir
    Path root;

    private OpenSnapshots open;

    @BeforeEach
    void begin() {
        open = OpenSnapshots.in(root);
    }

    @AfterEach
    void end() {
        open.close();
    }

    private Set<String> recorded() {
        return open.snapshotter().list().stream()
                .map(record -> Long.toString(record.id()))
                .collect(Collectors.toSet());
    }

    @Test
    void whatLiesOnNothingIsBound() {
        SnapshotMount active = open.prepare("a", "");
        assertThat(active).isEqualTo(new SnapshotMount("bind", open.fs("a").toString(), List.of("rw", "rbind")));
        SnapshotMount view = open.view("v", "");
        assertThat(view).isEqualTo(new SnapshotMount("bind", open.fs("v").toString(), List.of("ro", "rbind")));
        assertThat(open.snapshotter().mounts(key("a"))).containsExactly(active);
        assertThat(open.snapshotter().mounts(key("v"))).containsExactly(view);
    }

    @Test
    void aViewOfOneLayerIsThatLayerBound() {
        open.committed("c", "");
        assertThat(open.view("v", "c"))
                .isEqualTo(new SnapshotMount("bind", open.fs("c").toString(), List.of("ro", "rbind")));
    }

    @Test
    void severalLayersAreAnOverlayWithTheTopOneFirst() {
        open.committed("0", "");
        open.committed("1", "0");
        String lower = "lowerdir=" + open.fs("1") + ":" + open.fs("0");
        SnapshotMount active = open.prepare("a", "1");
        assertThat(active.type()).isEqualTo("overlay");
        assertThat(active.source()).isEqualTo("overlay");
        assertThat(active.options())
                .endsWith("workdir=" + open.directory("a") + "/work", "upperdir=" + open.fs("a"), lower)
                .doesNotContain("ro");
        assertThat(open.view("v", "1").options())
                .endsWith(lower)
                .noneMatch(option -> option.startsWith("upperdir") || option.startsWith("workdir"));
        assertThat(open.snapshotter().mounts(key("a"))).containsExactly(active);
    }

    @Test
    void directoriesHaveTheirModesAndTheOwnerOfWhatLiesBelow() throws IOException {
        requireRoot();
        open.prepare("a", "");
        Files.setAttribute(open.fs("a"), "unix:uid", 1234);
        Files.setAttribute(open.fs("a"), "unix:gid", 5678);
        open.commit("c", "a");
        open.prepare("b", "c");
        assertThat(Files.readAttributes(open.fs("b"), "unix:uid,gid")).isEqualTo(Map.of("uid", 1234, "gid", 5678));
        Map<Path, String> modes = Map.of(
                root.resolve("snapshots"), "rwx------",
                open.fs("b"), "rwxr-xr-x",
                open.directory("b").resolve("work"), "rwx--x--x");
        for (Map.Entry<Path, String> mode : modes.entrySet()) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(mode.getKey())))
                    .as("%s", mode.getKey())
                    .isEqualTo(mode.getValue());
        }
    }

    @Test
    void everyRefusalHasItsKind() {
        open.committed("c", "");
        open.prepare("a", "c");
        open.view("v", "c");
        assertThatThrownBy(() -> open.prepare("x", "none")).satisfies(kind(ErrorKind.NOT_FOUND));
        assertThatThrownBy(() -> open.view("x", "none")).satisfies(kind(ErrorKind.NOT_FOUND));
        assertThatThrownBy(() -> open.prepare("x", "a")).satisfies(kind(ErrorKind.INVALID));
        assertThatThrownBy(() -> open.view("x", "v")).satisfies(kind(ErrorKind.INVALID));
        for (String taken : List.of("a", "v", "c")) {
            assertThatThrownBy(() -> open.prepare(taken, "")).satisfies(kind(ErrorKind.ALREADY_EXISTS));
            assertThatThrownBy(() -> open.view(taken, "c")).satisfies(kind(ErrorKind.ALREADY_EXISTS));
        }
        assertThatThrownBy(() -> open.snapshotter().mounts(key("none"))).satisfies(kind(ErrorKind.NOT_FOUND));
        assertThatThrownBy(() -> open.snapshotter().mounts(key("c"))).satisfies(kind(ErrorKind.PRECONDITION));
        assertThatThrownBy(() -> open.remove("none")).satisfies(kind(ErrorKind.NOT_FOUND));
        assertThatThrownBy(() -> open.remove("c")).satisfies(kind(ErrorKind.PRECONDITION));
        assertThatThrownBy(() -> open.snapshotter().stat(key("none"))).satisfies(kind(ErrorKind.NOT_FOUND));
        assertThatThrownBy(() -> open.snapshotter().usage(key("none"))).satisfies(kind(ErrorKind.NOT_FOUND));
    }

    @Test
    void aRefusedPreparationLeavesNoDirectory() throws IOException {
        open.prepare("a", "");
        assertThatThrownBy(() -> open.prepare("b", "", Map.of("k", "v".repeat(5000))))
                .satisfies(kind(ErrorKind.INVALID));
        assertThat(directories(root)).isEqualTo(recorded());
    }

    @Test
    void usageCountsEachFileOnceAndStaysWhatItWasOnceCommitted() throws IOException {
        open.prepare("a", "");
        SnapshotUsage empty = open.snapshotter().usage(key("a"));
        assertThat(empty.inodes()).isOne();
        Path file = Files.write(Files.createDirectory(open.fs("a").resolve("d")).resolve("f"), new byte[100_000]);
        Files.createLink(open.fs("a").resolve("link"), file);
        Files.createSymbolicLink(open.fs("a").resolve("elsewhere"), Path.of("/usr"));
        SnapshotUsage full = open.snapshotter().usage(key("a"));
        assertThat(full.inodes()).isEqualTo(4);
        assertThat(full.bytes()).isBetween(100_000L, 200_000L);
        open.commit("c", "a");
        Path fs = open.fs("c");
        assertThat(open.snapshotter().usage(key("c"))).isEqualTo(full);
        Files.write(fs.resolve("later"), new byte[100_000]);
        assertThat(open.snapshotter().usage(key("c"))).isEqualTo(full);
        open.prepare("b", "c");
        assertThat(open.snapshotter().usage(key("b")).inodes()).isOne();
    }

    @Test
    void aRemovedSnapshotsDirectoryGoesWithTheCleanup() throws IOException {
        open.prepare("a", "");
        Path directory = open.directory("a");
        Files.createDirectories(directory.resolve("fs/deep/deeper"));
        open.remove("a");
        open.snapshotter().cleanup();
        assertThat(directory).doesNotExist();
    }

    @Test
    void whatIsMountedAndInUseDoesNotKeepASnapshotFromBeingRemoved() throws IOException {
        requireRoot();
        open.committed("c", "");
        Path fs = open.fs("c");
        assertThat(kernel.mount("tmpfs", fs, "tmpfs", 0, "")).isZero();
        try (FileChannel reader =
                FileChannel.open(fs.resolve("busy"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            open.remove("c");
            open.snapshotter().cleanup();
            assertThat(mounts()).doesNotContain(fs.toString());
            assertThat(directories(root)).isEmpty();
            assertThat(reader.size()).isZero();
        }
    }

    @Test
    void aStartRemovesDirectoriesAndMountsThatBelongToNoSnapshot() throws IOException {
        requireRoot();
        open.prepare("kept", "");
        open.close();
        Path precious = Files.createDirectory(root.resolve("precious"));
        Files.writeString(precious.resolve("file"), "not ours to delete");
        Path orphan = Files.createDirectories(root.resolve("snapshots/999999/fs"));
        assertThat(kernel.mount(precious.toString(), orphan, "", MountFlags.MS_BIND, ""))
                .isZero();
        Files.createDirectories(root.resolve("snapshots/999998/work/work"));
        Files.createDirectories(root.resolve("snapshots/notes"));
        begin();
        open.snapshotter().cleanup();
        assertThat(mounts()).doesNotContain(orphan.toString());
        assertThat(precious.resolve("file")).exists();
        assertThat(open.fs("kept")).exists();
        assertThat(directories(root))
                .containsExactlyInAnyOrder("notes", recorded().iterator().next());
    }

    @Test
    void twoProcessesCannotKeepSnapshotsInOneRoot() {
        assertThatThrownBy(() -> OpenSnapshots.in(root)).satisfies(kind(ErrorKind.PRECONDITION));
        open.prepare("still", "");
    }

    @Test
    void aRootThatOverlayfsCannotBeToldIsRefused() throws IOException {
        Path odd = Files.createDirectory(root.resolve("a,b"));
        assertThatThrownBy(() -> OpenSnapshots.in(odd)).satisfies(kind(ErrorKind.INVALID));
    }

    @Test
    void manyAtOnceLeaveAsManyDirectoriesAsSnapshots() throws Exception {
        open.committed("base", "");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Boolean>> tasks = IntStream.range(0, 300)
                    .<Callable<Boolean>>mapToObj(i -> () -> {
                        open.prepare("k" + i, "base");
                        switch (i % 4) {
                            case 0 -> open.remove("k" + i);
                            case 1 -> open.commit("c" + i, "k" + i);
                            case 2 -> open.snapshotter().cleanup();
                            default -> open.snapshotter().usage(key("k" + i));
                        }
                        return true;
                    })
                    .toList();
            for (var done : threads.invokeAll(tasks)) {
                assertThat(done.get()).isTrue();
            }
        }
        open.snapshotter().cleanup();
        assertThat(directories(root)).isEqualTo(recorded()).hasSize(226);
    }

    @Test
    void aLayerThatNoSourceHasIsPreparedAsUsual() {
        PrepareResult result = open.prepare("extract", "", Map.of(Snapshotter.TARGET_LABEL, "sha256:target"));
        assertThat(result).isInstanceOf(PrepareResult.Mounted.class);
        assertThat(open.snapshotter().stat(key("extract")).labels())
                .isEqualTo(Map.of(Snapshotter.TARGET_LABEL, "sha256:target"));
    }
}
