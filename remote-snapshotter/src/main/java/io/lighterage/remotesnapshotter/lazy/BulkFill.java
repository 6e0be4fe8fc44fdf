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

/// Fetches what nobody has asked for yet: first what is prioritized in every layer, then everything of every
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
    private @Nullable Traffic traffic;
    private Traffic.@Nullable Miss followed;
    private int followedTo;
    private volatile boolean closed;

    /// A part of a layer. `position` is guarded by `lock`.
    private static final class Task {
        private final OpenLayer layer;
        private final int priority;
        private int position;

        Task(OpenLayer layer, int priority) {
            this.layer = layer;
            this.priority = priority;
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
            if (layer.index().prefetchEnd() > 0 || layer.index().hasPriorities()) {
                tasks.add(new Task(layer, RemoteBlob.PREFETCH));
            }
        }
        if (options.background()) {
            ours.forEach(layer -> tasks.add(new Task(layer, RemoteBlob.BACKGROUND)));
        }
        if (ours.isEmpty()) {
            return;
        }
        traffic = ours.getFirst().content().fetching().traffic();
        if (options.background()) {
            traffic.starting(tasks.getFirst().priority <= RemoteBlob.PREFETCH);
        }
        for (int i = 0; i < options.streams() && !tasks.isEmpty(); i++) {
            boolean patient = i >= Traffic.BLIND_STREAMS;
            threads.execute(() -> work(patient));
        }
    }

    /// @param patient whether it stands back while an image starts of which it is not known what it reads
    private void work(boolean patient) {
        long pause = FIRST_PAUSE_MILLIS;
        try {
            for (Step step = next(patient); step != null && !closed; step = next(patient)) {
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

    private @Nullable Step next(boolean patient) throws InterruptedException {
        Traffic link = traffic;
        if (patient && link != null) {
            link.awaitEndOfBlindStart();
        }
        lock.lock();
        try {
            while (!tasks.isEmpty() && !closed) {
                Task task = tasks.getFirst();
                Step near = task.priority <= RemoteBlob.PREFETCH ? null : nearLastMiss();
                if (near != null) {
                    return near;
                }
                Fetching fetching = task.layer.content().fetching();
                List<Run> runs = fetching.beginBulk(task.position, task.priority);
                if (!runs.isEmpty()) {
                    task.position = Math.max(task.position, behind(fetching, runs));
                    return new Step(task, runs);
                }
                tasks.removeFirst();
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Step nearLastMiss() {
        Traffic link = traffic;
        Traffic.Miss miss = link == null ? null : link.lastMiss().orElse(null);
        if (miss == null) {
            return null;
        }
        if (!miss.equals(followed)) {
            followed = miss;
            followedTo = miss.position();
        }
        for (Task task : tasks) {
            if (task.layer.content().fetching().equals(miss.layer())) {
                List<Run> runs = miss.layer().beginBulk(followedTo, task.priority);
                if (!runs.isEmpty()) {
                    followedTo = behind(miss.layer(), runs);
                    return new Step(task, runs);
                }
            }
        }
        return null;
    }

    private static int behind(Fetching fetching, List<Run> runs) {
        Run.Group last = runs.getLast().groups().getLast();
        return fetching.order().positionOf(last.chunks().getLast()) + 1;
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
