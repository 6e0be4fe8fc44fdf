package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.SnapshotCatalog;
import io.lighterage.contentstore.SnapshotRecord;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Removes the directories that no snapshot has: those of removed ones, and of preparations a crash cut off.
final class Sweeper implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Sweeper.class.getName());

    /// A source keeps what it has just taken, which is recorded within milliseconds.
    private static final int AGAIN_SECONDS = 5;

    private final SnapshotCatalog catalog;
    private final SnapshotDirectories directories;
    private final LayerSource layers;
    private final Predicate<SnapshotRecord> isRemote;
    private final Executor later = CompletableFuture.delayedExecutor(AGAIN_SECONDS, TimeUnit.SECONDS);
    private final ReentrantLock sweeping = new ReentrantLock();
    private final AtomicBoolean wanted = new AtomicBoolean();
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofVirtual().name("snapshot-sweep").factory());

    /// @param isRemote which snapshots are of layers that were taken
    Sweeper(
            SnapshotCatalog catalog,
            SnapshotDirectories directories,
            LayerSource layers,
            Predicate<SnapshotRecord> isRemote) {
        this.catalog = catalog;
        this.directories = directories;
        this.layers = layers;
        this.isRemote = isRemote;
    }

    /// Has it done soon.
    void request() {
        if (wanted.compareAndSet(false, true)) {
            try {
                thread.execute(this::inBackground);
            } catch (RejectedExecutionException e) {
                LOG.log(System.Logger.Level.DEBUG, "closing: the next process sweeps", e);
            }
        }
    }

    private void inBackground() {
        wanted.set(false);
        try {
            sweep();
        } catch (ImageException e) {
            LOG.log(System.Logger.Level.WARNING, "leftovers of snapshots stay for now: " + e.getMessage(), e);
        }
    }

    /// Returns when everything that was left over when it was called is gone, or could not be removed.
    void sweep() {
        sweeping.lock();
        try {
            for (long id : leftOver()) {
                if (Thread.currentThread().isInterrupted()) {
                    return;
                }
                try {
                    layers.release(directories.fs(id));
                    directories.remove(id);
                } catch (ImageException e) {
                    LOG.log(System.Logger.Level.WARNING, e.getMessage(), e);
                }
            }
            List<SnapshotRecord> taken =
                    catalog.list().stream().filter(isRemote).toList();
            if (!layers.keepOnly(taken)) {
                later.execute(this::request);
            }
        } finally {
            sweeping.unlock();
        }
    }

    /// The order matters: one that is on disk and not being made has its record by now, if it ever gets one.
    private List<Long> leftOver() {
        List<Long> onDisk = directories.ids();
        Set<Long> making = directories.making();
        Set<Long> recorded = catalog.list().stream().map(SnapshotRecord::id).collect(Collectors.toSet());
        return onDisk.stream()
                .filter(id -> !making.contains(id) && !recorded.contains(id))
                .toList();
    }

    @Override
    public void close() {
        thread.shutdownNow();
        thread.close();
    }
}
