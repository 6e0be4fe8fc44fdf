package io.lighterage.app.metrics;

import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.LabelUpdate;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.contentstore.SnapshotUsage;
import io.lighterage.remotesnapshotter.snapshots.PrepareResult;
import io.lighterage.remotesnapshotter.snapshots.SnapshotMount;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/// Another snapshotter, with how long its calls take told to metrics.
///
/// @param inner does everything
/// @param metrics hears of every call
public record MeteredSnapshotter(Snapshotter inner, Metrics metrics) implements Snapshotter {
    private <T> T timed(String call, Supplier<T> action, Function<T, String> outcome) {
        long begun = System.nanoTime();
        String how = "internal";
        try {
            T result = action.get();
            how = outcome.apply(result);
            return result;
        } catch (ImageException e) {
            how = e.kind().name().toLowerCase(Locale.ROOT);
            throw e;
        } finally {
            metrics.called(call, how, (System.nanoTime() - begun) / 1e9);
        }
    }

    private <T> T timed(String call, Supplier<T> action) {
        return timed(call, action, ignored -> "ok");
    }

    private void done(String call, Runnable action) {
        boolean ignored = timed(call, () -> {
            action.run();
            return true;
        });
    }

    @Override
    public PrepareResult prepare(SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels) {
        return timed("prepare", () -> inner.prepare(key, parent, labels), result -> switch (result) {
            case PrepareResult.Mounted ignored -> "ok";
            case PrepareResult.AlreadyExists ignored -> "exists";
        });
    }

    @Override
    public List<SnapshotMount> view(SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels) {
        return timed("view", () -> inner.view(key, parent, labels));
    }

    @Override
    public List<SnapshotMount> mounts(SnapshotKey key) {
        return timed("mounts", () -> inner.mounts(key));
    }

    @Override
    public void commit(SnapshotKey name, SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels) {
        done("commit", () -> inner.commit(name, key, parent, labels));
    }

    @Override
    public void remove(SnapshotKey key) {
        done("remove", () -> inner.remove(key));
    }

    @Override
    public SnapshotRecord stat(SnapshotKey key) {
        return timed("stat", () -> inner.stat(key));
    }

    @Override
    public SnapshotRecord update(SnapshotKey key, LabelUpdate change) {
        return timed("update", () -> inner.update(key, change));
    }

    @Override
    public List<SnapshotRecord> list() {
        return timed("list", inner::list);
    }

    @Override
    public SnapshotUsage usage(SnapshotKey key) {
        return timed("usage", () -> inner.usage(key));
    }

    @Override
    public void cleanup() {
        done("cleanup", inner::cleanup);
    }

    @Override
    public void close() {
        inner.close();
    }
}
