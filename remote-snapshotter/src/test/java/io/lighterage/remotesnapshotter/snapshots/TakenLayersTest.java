package io.lighterage.remotesnapshotter.snapshots;

import static io.lighterage.remotesnapshotter.snapshots.OpenSnapshots.directories;
import static io.lighterage.remotesnapshotter.snapshots.OpenSnapshots.key;
import static io.lighterage.remotesnapshotter.snapshots.OpenSnapshots.kind;
import static io.lighterage.remotesnapshotter.snapshots.OpenSnapshots.mounts;
import static io.lighterage.remotesnapshotter.snapshots.OpenSnapshots.requireRoot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.LabelUpdate;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.contentstore.SnapshotUsage;
import io.lighterage.linux.MountFlags;
import io.lighterage.linux.NativeMountCalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Snapshots of layers that a source has.
class TakenLayersTest {
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

    private BoundLayers withLayers() throws IOException {
        requireRoot();
        open.close();
        BoundLayers source = new BoundLayers(Files.createDirectories(root.resolve("layer")));
        open = OpenSnapshots.in(root, source);
        return source;
    }

    private static Map<String, String> target(String chain) {
        return Map.of(Snapshotter.TARGET_LABEL, chain, "layer", "blob of " + chain);
    }

    /// @return the name of its snapshot
    private String taken(String chain, String parent) {
        PrepareResult result = open.prepare("extract " + chain + " on " + parent, parent, target(chain));
        assertThat(result).isInstanceOf(PrepareResult.AlreadyExists.class);
        return ((PrepareResult.AlreadyExists) result).name().text();
    }

    @Test
    void aLayerThatASourceTakesIsACommittedSnapshotAndMountedWhenSomebodyLooks() throws IOException {
        BoundLayers source = withLayers();
        String base = taken("sha256:base", "");
        assertThat(taken("sha256:base", "")).isEqualTo(base);
        String top = taken("sha256:top", base);
        assertThat(source.taken).isEqualTo(2);
        SnapshotRecord record = open.snapshotter().stat(key(top));
        assertThat(record.parent()).isEqualTo(Optional.of(key(base)));
        assertThat(record.labels())
                .containsEntry(Snapshotter.TARGET_LABEL, "sha256:top")
                .containsEntry("containerd.io/snapshot/remote", "remote snapshot")
                .containsEntry("io.lighterage/source", "its own");
        assertThat(open.snapshotter().usage(record.key())).isEqualTo(SnapshotUsage.NONE);
        assertThat(mounts()).doesNotContain(root.resolve("snapshots").toString());
        assertThat(source.expected)
                .as("of the topmost layer, which containers lie on")
                .containsExactly(open.fs(top));

        SnapshotMount mount = open.prepare("container", top);
        assertThat(mounts()).contains(open.fs(top).toString());
        assertThat(open.directory(base)).as("shown by the one above").doesNotExist();
        assertThat(mount.options()).contains("lowerdir=" + open.fs(top));
        assertThat(open.view("view", top))
                .isEqualTo(new SnapshotMount("bind", open.fs(top) + "", List.of("ro", "rbind")));
        open.snapshotter().mounts(key("container"));
        assertThat(source.mounted).containsExactly(open.fs(top));
    }

    @Test
    void aLayerThatCannotBeMountedAheadIsTakenAllTheSame() throws IOException {
        BoundLayers source = withLayers();
        source.broken = true;
        String top = taken("sha256:top", "");
        assertThat(source.expected).containsExactly(open.fs(top));
        assertThat(taken("sha256:top", "")).isEqualTo(top);
    }

    @Test
    void aLayerUnpackedOnARemoteOneLiesOnItAlone() throws IOException {
        withLayers();
        String base = taken("sha256:base", "");
        String second = taken("sha256:second", base);
        open.committed("unpacked", second);
        SnapshotMount mount = open.prepare("container", "unpacked");
        assertThat(mount.options()).contains("lowerdir=" + open.fs("unpacked") + ":" + open.fs(second));
    }

    @Test
    void noLayerIsTakenOnAnUnpackedOne() throws IOException {
        BoundLayers source = withLayers();
        open.committed("unpacked", "");
        assertThat(open.prepare("extract", "unpacked", target("sha256:x"))).isInstanceOf(PrepareResult.Mounted.class);
        assertThat(source.taken).isZero();
    }

    @Test
    void aLayerOfAnotherBlobThatClaimsToUnpackToTheSameIsNotAnsweredWithTheOneTaken() throws IOException {
        withLayers();
        String base = taken("sha256:base", "");
        Map<String, String> other = Map.of(Snapshotter.TARGET_LABEL, "sha256:base", "layer", "another");
        assertThat(open.prepare("extract", "", other)).isInstanceOf(PrepareResult.Mounted.class);
        assertThat(open.prepare("extract 2", "", Map.of(Snapshotter.TARGET_LABEL, "sha256:base")))
                .isInstanceOf(PrepareResult.Mounted.class);
        assertThat(taken("sha256:base", "")).isEqualTo(base);
    }

    @Test
    void noChangeOfLabelsMakesALayerOfADirectoryOrADirectoryOfALayer() throws IOException {
        withLayers();
        String base = taken("sha256:base", "");
        SnapshotRecord before = open.snapshotter().stat(key(base));
        open.snapshotter().update(key(base), new LabelUpdate.Replace(Map.of("a", "b")));
        open.snapshotter()
                .update(
                        key(base),
                        new LabelUpdate.Patch(
                                Set.of("containerd.io/snapshot/remote", "io.lighterage/taken"), Map.of()));
        Map<String, String> after = open.snapshotter().stat(key(base)).labels();
        assertThat(after).containsEntry("a", "b").containsEntry("containerd.io/snapshot/remote", "remote snapshot");
        before.labels().forEach((name, value) -> {
            if (name.startsWith("io.lighterage/")) {
                assertThat(after).containsEntry(name, value);
            }
        });
        open.prepare("container", base);
        assertThat(mounts()).contains(open.fs(base).toString());

        open.committed("unpacked", "");
        open.snapshotter().update(key("unpacked"), new LabelUpdate.Replace(before.labels()));
        assertThat(open.prepare("on it", "unpacked").options())
                .as("a directory still")
                .contains("lowerdir=" + open.fs("unpacked"));
        assertThat(mounts()).doesNotContain(open.fs("unpacked").toString());
    }

    @Test
    void whatCannotBeReadIsNotHandedOut() throws IOException {
        BoundLayers source = withLayers();
        String base = taken("sha256:base", "");
        open.prepare("on top", base);
        source.broken = true;
        assertThatThrownBy(() -> open.snapshotter().mounts(key("on top"))).satisfies(kind(ErrorKind.UNAVAILABLE));
        assertThatThrownBy(() -> open.view("v", base)).satisfies(kind(ErrorKind.UNAVAILABLE));
        assertThatThrownBy(() -> open.prepare("p", base)).satisfies(kind(ErrorKind.UNAVAILABLE));
        assertThat(taken("sha256:top", base)).as("needs nothing mounted").isNotEmpty();
    }

    @Test
    void removedRemoteSnapshotsLeaveNothing() throws IOException {
        BoundLayers source = withLayers();
        String base = taken("sha256:base", "");
        String top = taken("sha256:top", base);
        open.prepare("container", top);
        Path fs = open.fs(top);
        open.remove("container");
        open.remove(top);
        assertThat(source.released).contains(fs);
        open.snapshotter().cleanup();
        assertThat(source.kept).extracting(SnapshotRecord::key).containsExactly(key(base));
        open.remove(base);
        open.snapshotter().cleanup();
        assertThat(source.kept).isEmpty();
        assertThat(mounts()).doesNotContain(root.resolve("snapshots").toString());
        assertThat(directories(root)).isEmpty();
    }

    @Test
    void aStartTakesAwayWhatAnEarlierProcessMountedAndMountsAgainWhenAsked() throws IOException {
        withLayers();
        String base = taken("sha256:base", "");
        open.prepare("container", base);
        Path fs = open.fs(base);
        open.close();
        assertThat(kernel.mount("tmpfs", fs, "tmpfs", 0, "")).isZero(); // as a killed process would leave something
        BoundLayers again = withLayers();
        assertThat(mounts()).doesNotContain(fs.toString());
        open.snapshotter().mounts(key("container"));
        assertThat(again.mounted).containsExactly(fs);
        assertThat(mounts()).contains(fs.toString());
    }

    @Test
    void manyAskingForOneLayerGetOneSnapshot() throws Exception {
        withLayers();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<PrepareResult>> tasks = IntStream.range(0, 50)
                    .<Callable<PrepareResult>>mapToObj(
                            i -> () -> open.prepare("extract " + i, "", target("sha256:base")))
                    .toList();
            for (var done : threads.invokeAll(tasks)) {
                assertThat(done.get()).isInstanceOf(PrepareResult.AlreadyExists.class);
            }
        }
        assertThat(open.snapshotter().list()).hasSize(1);
    }

    /// Has every layer: one directory, bound wherever it is wanted.
    private static final class BoundLayers implements LayerSource {
        private final NativeMountCalls kernel = new NativeMountCalls();
        private final Path layer;
        private final List<Path> mounted = new ArrayList<>();
        private final List<Path> released = new ArrayList<>();
        private List<SnapshotRecord> kept = List.of();
        private final List<Path> expected = new ArrayList<>();
        private int taken;
        private boolean broken;

        private BoundLayers(Path layer) {
            this.layer = layer;
        }

        @Override
        public synchronized Answer take(Request request) {
            taken++;
            return new Answer.Ready(
                    Map.of("io.lighterage/source", "its own"), request.target().equals("sha256:top"));
        }

        @Override
        public boolean isSame(SnapshotRecord record, Map<String, String> labels) {
            return labels.getOrDefault("layer", "none").equals(record.labels().get("layer"));
        }

        @Override
        public synchronized void expect(SnapshotRecord record, Path fs) {
            expected.add(fs);
            if (broken) {
                throw new ImageException(ErrorKind.EXHAUSTED, "no room");
            }
        }

        @Override
        public synchronized void check(SnapshotRecord record, Path fs) {
            if (broken) {
                throw new ImageException(ErrorKind.UNAVAILABLE, "not there");
            }
            if (!mounted.contains(fs)) {
                int result = kernel.mount(layer.toString(), fs, "", MountFlags.MS_BIND, "");
                if (result != 0) {
                    throw new UncheckedIOException(new IOException("mount: " + result));
                }
                mounted.add(fs);
            }
        }

        @Override
        public synchronized void release(Path fs) {
            released.add(fs);
        }

        @Override
        public synchronized boolean keepOnly(Collection<SnapshotRecord> layers) {
            kept = List.copyOf(layers);
            return true;
        }

        @Override
        public void close() {
            mounted.forEach(fs -> kernel.umount2(fs, MountFlags.MNT_DETACH));
        }
    }
}
