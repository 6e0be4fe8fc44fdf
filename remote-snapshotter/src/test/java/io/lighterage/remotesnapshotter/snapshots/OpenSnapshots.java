package io.lighterage.remotesnapshotter.snapshots;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.Store;
import io.lighterage.contentstore.disk.LocalStore;
import io.lighterage.linux.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowingConsumer;

/// A store and a snapshotter in one directory, with short words for what tests do.
record OpenSnapshots(Store store, LocalSnapshotter snapshotter) implements AutoCloseable {
    static OpenSnapshots in(Path root) {
        return in(root, LayerSource.NONE);
    }

    static OpenSnapshots in(Path root, LayerSource layers) {
        Store store = LocalStore.open(root, (descriptor, bytes) -> List.of(), Clock.systemUTC());
        try {
            return new OpenSnapshots(store, LocalSnapshotter.open(root, store.snapshots(), layers));
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    static SnapshotKey key(String text) {
        return SnapshotKey.of(text);
    }

    private static Optional<SnapshotKey> parent(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(key(text));
    }

    PrepareResult prepare(String key, String parent, Map<String, String> labels) {
        return snapshotter.prepare(key(key), parent(parent), labels);
    }

    SnapshotMount prepare(String key, String parent) {
        if (prepare(key, parent, Map.of()) instanceof PrepareResult.Mounted(var mounts)) {
            return mounts.getFirst();
        }
        throw new AssertionError("there already: " + key);
    }

    SnapshotMount view(String key, String parent) {
        return snapshotter.view(key(key), parent(parent), Map.of()).getFirst();
    }

    void commit(String name, String key) {
        snapshotter.commit(key(name), key(key), Optional.empty(), Map.of());
    }

    void committed(String name, String parent) {
        prepare("making " + name, parent);
        commit(name, "making " + name);
    }

    void remove(String key) {
        snapshotter.remove(key(key));
    }

    Path fs(String key) {
        return directory(key).resolve("fs");
    }

    Path directory(String key) {
        return store.root()
                .resolve("snapshots")
                .resolve(Long.toString(snapshotter.stat(key(key)).id()));
    }

    @Override
    public void close() {
        snapshotter.close();
        store.close();
    }

    static ThrowingConsumer<Throwable> kind(ErrorKind kind) {
        return failure -> assertThat(failure)
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    static void requireRoot() {
        assumeTrue(Credentials.effectiveUid() == 0, "needs root to mount");
    }

    /// Names of the directories there are.
    static Set<String> directories(Path root) throws IOException {
        try (Stream<Path> found = Files.list(root.resolve("snapshots"))) {
            return found.map(path -> path.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    /// What this process sees mounted.
    static String mounts() throws IOException {
        return Files.readString(Path.of("/proc/self/mountinfo"));
    }
}
