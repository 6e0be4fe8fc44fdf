package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.Store;
import io.lighterage.contentstore.disk.LocalStore;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
}
