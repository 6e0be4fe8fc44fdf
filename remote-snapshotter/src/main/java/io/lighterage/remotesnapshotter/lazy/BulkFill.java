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

    private static final int NOTHING = Integer.MAX_VALUE;

    /// What a start reads is many small parts: while one is on its way others have to be asked for.
    private static final int PREFETCH_STREAMS = 8;

    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("bulk-", 0).factory());
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Task> tasks = new ArrayList<>();
    /// What `tasks` held at first.
    private final List<Task> all = new ArrayList<>();

    private final PrefetchQueue recorded;
    private Traffic.@Nullable Miss followed;
    private int followedTo;
    private int working;
    private final List<Runnable> whenDone = new ArrayList<>();
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

    /// What a worker does next.
    private record Step(OpenLayer layer, List<Run> runs) {
        Step {
            runs = List.copyOf(runs);
        }
    }

    private final String plan;

    BulkFill(List<LazyLayer> layers, LazyOptions options) {
        List<OpenLayer> ours = layers.stream()
                .map(LazyLayer::shared)
                .distinct()
                .filter(layer -> layer.index().encoding() != Encoding.NONE)
                .filter(layer -> !layer.content().complete() && layer.place().tryFill())
                .toList();
        for (OpenLayer layer : ours) {
            if (layer.index().prefetchEnd() > 0 && layer.index().priorities().count() == 0) {
                tasks.add(new Task(layer, RemoteBlob.PREFETCH));
            }
        }
        if (options.background()) {
            ours.forEach(layer -> tasks.add(new Task(layer, RemoteBlob.BACKGROUND)));
        }
        recorded = new PrefetchQueue(ours);
        plan = plan(layers, ours, options);
        if (ours.isEmpty()) {
            return;
        }
        Traffic traffic = ours.getFirst().content().fetching().traffic();
        if (options.background()) {
            traffic.starting(urgency() <= RemoteBlob.PREFETCH);
        }
        all.addAll(tasks);
        int workers = workers(options.streams());
        working = workers;
        for (int i = 0; i < workers; i++) {
            int number = i;
            threads.execute(() -> {
                try {
                    work(traffic, number, options.streams());
                } finally {
                    end();
                }
            });
        }
    }

    /// What is done and why, for people.
    String plan() {
        return plan;
    }

    private String plan(List<LazyLayer> layers, List<OpenLayer> ours, LazyOptions options) {
        if (ours.isEmpty()) {
            return layers.stream().allMatch(layer -> layer.content().complete())
                    ? "nothing, all of it was here"
                    : "by another process, which has these layers open";
        }
        String first = "";
        if (urgency() <= RemoteBlob.PREFETCH) {
            int parts = ours.stream()
                    .mapToInt(layer -> layer.index().priorities().count())
                    .sum();
            first = parts > 0
                    ? "with what a recorded start reads, " + parts + " parts in that order; "
                    : "with what the image puts first; ";
        }
        if (!options.background()) {
            return first + "with what is read, as the background is off";
        }
        return first.isEmpty()
                ? ours.getFirst().content().fetching().traffic().planWithoutList()
                : first + "then with the rest, when the start is over";
    }

    private int workers(int streams) {
        return switch (urgency()) {
            case NOTHING -> 0;
            case RemoteBlob.PREFETCH -> Math.max(streams, PREFETCH_STREAMS);
            default -> streams;
        };
    }

    /// @param number from 0. Those from `streams` on fetch what is prioritized only, and all but the first few stand
    /// back
    ///     while an image starts of which it is not known what it reads
    private void work(Traffic link, int number, int streams) {
        long pause = FIRST_PAUSE_MILLIS;
        try {
            for (Step step = next(link, number, streams); step != null; step = next(link, number, streams)) {
                if (closed) {
                    step.runs().forEach(step.layer().content().fetching()::abandon);
                    return;
                }
                ImageException failure = carryOut(step);
                if (failure == null) {
                    pause = FIRST_PAUSE_MILLIS;
                } else if (failure.kind() == ErrorKind.CANCELLED) {
                    return;
                } else {
                    again();
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "fetching layer {0} in the background failed, next try in {1} ms: {2}",
                            step.layer().index().layer(),
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

    private void end() {
        List<Runnable> actions;
        lock.lock();
        try {
            working--;
            actions = working > 0 || closed ? List.of() : List.copyOf(whenDone);
        } finally {
            lock.unlock();
        }
        actions.forEach(Runnable::run);
    }

    /// Runs an action when there is nothing to fetch any more, now or by a worker; not after closing.
    void whenDone(Runnable action) {
        lock.lock();
        try {
            if (working > 0) {
                whenDone.add(action);
                return;
            }
        } finally {
            lock.unlock();
        }
        action.run();
    }

    private static @Nullable ImageException carryOut(Step step) {
        ImageException first = null;
        for (Run run : step.runs()) {
            ImageException failure = step.layer().content().fetching().execute(run);
            first = first == null ? failure : first;
        }
        if (step.layer().content().complete()) {
            step.layer().content().store().force();
            step.layer().index().letGo();
        }
        return first;
    }

    private @Nullable Step next(Traffic link, int number, int streams) throws InterruptedException {
        while (true) {
            int urgency = urgency();
            if (urgency == NOTHING || (urgency >= RemoteBlob.BACKGROUND && number >= streams)) {
                return null;
            }
            if (urgency >= RemoteBlob.BACKGROUND) {
                if (number >= Traffic.BLIND_STREAMS) {
                    link.awaitEndOfBlindStart();
                }
                link.awaitTurn(() -> urgency);
            }
            Step step = claim(link, urgency);
            if (step != null) {
                return step;
            }
        }
    }

    /// What is to be fetched next.
    private int urgency() {
        lock.lock();
        try {
            if (closed || (tasks.isEmpty() && recorded.isEmpty())) {
                return NOTHING;
            }
            return recorded.isEmpty() ? tasks.getFirst().priority : RemoteBlob.PREFETCH;
        } finally {
            lock.unlock();
        }
    }

    /// @return null when nothing of that urgency is left
    private @Nullable Step claim(Traffic link, int urgency) {
        lock.lock();
        try {
            PrefetchQueue.Planned planned = closed ? null : recorded.poll();
            if (planned != null) {
                return new Step(planned.layer(), List.of(planned.run()));
            }
            while (!tasks.isEmpty() && !closed && tasks.getFirst().priority <= urgency) {
                Task task = tasks.getFirst();
                Step near = task.priority <= RemoteBlob.PREFETCH ? null : nearLastMiss(link);
                if (near != null) {
                    return near;
                }
                Fetching fetching = task.layer.content().fetching();
                List<Run> runs = fetching.beginBulk(task.position, task.priority);
                if (!runs.isEmpty()) {
                    task.position = Math.max(task.position, behind(fetching, runs));
                    return new Step(task.layer, runs);
                }
                tasks.removeFirst();
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Step nearLastMiss(Traffic link) {
        Traffic.Miss miss = link.lastMiss().orElse(null);
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
                    return new Step(task.layer, runs);
                }
            }
        }
        return null;
    }

    private static int behind(Fetching fetching, List<Run> runs) {
        Run.Group last = runs.getLast().groups().getLast();
        return fetching.order().positionOf(last.chunks().getLast()) + 1;
    }

    /// What failed is missing still: all of it is looked for again.
    private void again() {
        lock.lock();
        try {
            recorded.again();
            tasks.clear();
            tasks.addAll(all);
            tasks.forEach(task -> task.position = 0);
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
        lock.lock();
        try {
            recorded.abandon();
        } finally {
            lock.unlock();
        }
    }
}
