package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.RemoteBlob;
import io.lighterage.stargz.index.Encoding;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Fetches what nobody has asked for yet: first the prioritized range of every layer, then everything of every
/// layer, base first. A few workers, each with one request at a time. Layers that another process fills are
/// left to it.
final class BulkFill implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(BulkFill.class.getName());
    private static final long FIRST_PAUSE_MILLIS = 1_000;
    /// A registry that is away, or a full disk, is looked at again so often.
    private static final long LONGEST_PAUSE_MILLIS = 60_000;

    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("bulk-", 0).factory());
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Task> tasks = new ArrayList<>();
    private volatile boolean closed;

    /// A part of a layer. `position` is guarded by `lock`.
    private static final class Task {
        private final OpenLayer layer;
        private final int priority;
        private final long limit;
        private int position;

        Task(OpenLayer layer, int priority, long limit) {
            this.layer = layer;
            this.priority = priority;
            this.limit = limit;
        }
    }

    /// A task's next runs.
    private record Step(Task task, List<Run> runs) {
        Step {
            runs = List.copyOf(runs);
        }
    }

    BulkFill(List<LazyLayer> layers, LazyOptions options) {
        List<OpenLayer> ours = layers.stream()
                .map(LazyLayer::shared)
                .distinct()
                .filter(layer -> layer.index().encoding() != Encoding.NONE)
                .filter(layer -> !layer.content().complete() && layer.place().tryFill())
                .toList();
        for (OpenLayer layer : ours) {
            if (layer.index().prefetchEnd() > 0) {
                tasks.add(new Task(layer, RemoteBlob.PREFETCH, layer.index().prefetchEnd()));
            }
        }
        if (options.background()) {
            ours.forEach(layer -> tasks.add(new Task(layer, RemoteBlob.BACKGROUND, Long.MAX_VALUE)));
        }
        if (options.background() && !ours.isEmpty()) {
            ours.getFirst().content().fetching().traffic().starting();
        }
        for (int i = 0; i < options.streams() && !tasks.isEmpty(); i++) {
            threads.execute(this::work);
        }
    }

    private void work() {
        long pause = FIRST_PAUSE_MILLIS;
        try {
            for (Step step = next(); step != null && !closed; step = next()) {
                ImageException failure = carryOut(step);
                if (failure == null) {
                    pause = FIRST_PAUSE_MILLIS;
                } else if (failure.kind() == ErrorKind.CANCELLED) {
                    return;
                } else {
                    again(step.task());
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "fetching layer {0} in the background failed, next try in {1} ms: {2}",
                            step.task().layer.index().layer(),
                            pause,
                            failure.getMessage());
                    TimeUnit.MILLISECONDS.sleep(pause);
                    pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        } catch (ImageException e) {
            if (!closed && e.kind() != ErrorKind.CANCELLED) {
                LOG.log(System.Logger.Level.WARNING, "fetching in the background ended: {0}", e.getMessage());
            }
        }
    }

    private static @Nullable ImageException carryOut(Step step) {
        ImageException first = null;
        for (Run run : step.runs()) {
            ImageException failure = step.task().layer.content().fetching().execute(run);
            first = first == null ? failure : first;
        }
        if (step.task().layer.content().complete()) {
            step.task().layer.content().store().force();
        }
        return first;
    }

    private @Nullable Step next() {
        lock.lock();
        try {
            while (!tasks.isEmpty() && !closed) {
                Task task = tasks.getFirst();
                Fetching fetching = task.layer.content().fetching();
                List<Run> runs = fetching.beginBulk(task.position, task.limit, task.priority);
                if (!runs.isEmpty()) {
                    Run.Group last = runs.getLast().groups().getLast();
                    int reached = fetching.order().positionOf(last.chunks().getLast()) + 1;
                    task.position = Math.max(task.position, reached);
                    return new Step(task, runs);
                }
                tasks.removeFirst();
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    /// What failed is missing still.
    private void again(Task task) {
        lock.lock();
        try {
            task.position = 0;
            if (!tasks.contains(task)) {
                tasks.add(task);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Ends the requests under way, and waits for that.
    @Override
    public void close() {
        closed = true;
        threads.shutdownNow();
        threads.close();
    }
}
