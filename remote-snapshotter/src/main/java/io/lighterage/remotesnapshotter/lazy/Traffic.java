package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.RemoteBlob;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// Who may use the link, and what the link is like. One for all layers of a process.
///
/// Demand reads never wait. Prefetch stands still while bytes of a demand read arrive, but uses the time in
/// which a demand read waits for its first byte. Background fetch stands still as long as any demand read or prefetch
/// runs, and a moment longer, since programs read in bursts.
///
/// While an image starts it is otherwise. Where it is known what a start reads, background fetch begins when the
/// start is over. Where it is not, the start waits for one read after the other, a round trip each. On a link that is
/// slower than this processor background fetch uses all of that time, in requests so short that a demand read hardly
/// queues behind them; on a faster one it would take the processor from the start, and waits until that is over, while
/// each read brings much of what is near it.
final class Traffic {
    /// Bursts of reads are closer together than this; longer would waste a link on a program that thinks.
    static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /// How long a start may take; then the rest may come along.
    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(30);

    /// A start is over when nothing had to be fetched for it for so long: programs that start think for shorter.
    private static final long START_IS_OVER_NANOS = TimeUnit.SECONDS.toNanos(2);

    /// Most compressed bytes of a request of the prefetch. What is asked for is on its way, and a read that cannot wait
    /// for it comes behind it.
    static final int PREFETCH_RUN = 512 << 10;

    /// Requests of the background during a start that is not known, at once: one arrives while the next is asked for.
    static final int BLIND_STREAMS = 2;

    /// More demand requests than this after all that is prioritized came: the start is not the one that was recorded.
    private static final int SURPRISES = 32;

    private static final long SMALLEST_SKIP = 8 << 10;

    private final LinkEstimate link = new LinkEstimate();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int demand;
    private int receiving;
    private int prefetching;
    private long lastDemand;
    private boolean guided;
    private int surprises;
    private long startingUntil;
    private @Nullable Miss lastMiss;

    /// A request as it proceeds; used by one thread.
    final class Request implements AutoCloseable {
        private final Run run;
        private final boolean counted;
        private final boolean prefetch;
        private final long begun = System.nanoTime();
        private long firstByte;
        private long bytes;

        private Request(Run run) {
            this.run = run;
            this.counted = run.priority() <= RemoteBlob.DEMAND;
            this.prefetch = !counted && run.priority() <= RemoteBlob.PREFETCH;
            if (counted) {
                change(1, 0);
            } else if (prefetch) {
                changePrefetch(1);
            }
        }

        /// Notes bytes that arrived and waits while others go first.
        void received(int count) {
            if (bytes == 0) {
                firstByte = System.nanoTime();
                if (counted) {
                    change(0, 1);
                }
            }
            bytes += count;
            if (run.priority() > RemoteBlob.DEMAND) {
                giveWay(run);
            }
        }

        @Override
        public void close() {
            if (counted) {
                change(-1, bytes > 0 ? -1 : 0);
                if (bytes > 0) {
                    link.learn(firstByte - begun, bytes, System.nanoTime() - firstByte);
                }
            } else if (prefetch) {
                changePrefetch(-1);
            }
        }
    }

    /// An image was opened, and is probably started next.
    ///
    /// @param known whether what the start reads is prioritized
    void starting(boolean known) {
        lock.lock();
        try {
            lastDemand = System.nanoTime();
            guided = known;
            surprises = 0;
            lastMiss = null;
            startingUntil = lastDemand + START_NANOS;
        } finally {
            lock.unlock();
        }
    }

    /// Nanoseconds until the start is over if nothing more is fetched for it; 0 when it is over.
    private long startLasts() {
        if (startingUntil == 0) {
            return 0;
        }
        long now = System.nanoTime();
        long left = Math.min(startingUntil - now, START_IS_OVER_NANOS - (now - lastDemand));
        if (left <= 0 && demand == 0 && prefetching == 0) {
            startingUntil = 0;
            lastMiss = null;
        }
        return Math.max(0, left);
    }

    /// Whether an image starts of which it is not known what it reads.
    private boolean startsBlindly() {
        return startingUntil != 0 && !guided && startLasts() > 0;
    }

    /// A read had to wait.
    ///
    /// @param layer what was read
    /// @param position behind its last chunk, in the blob's order
    record Miss(Fetching layer, int position) {}

    void noteMiss(Miss miss) {
        lock.lock();
        try {
            lastMiss = startingUntil == 0 ? null : miss;
        } finally {
            lock.unlock();
        }
    }

    /// The last miss while an image starts of which it is not known what it reads: what comes next is probably near.
    Optional<Miss> lastMiss() {
        lock.lock();
        try {
            return startsBlindly() ? Optional.ofNullable(lastMiss) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /// Compressed bytes that one request of the background may have now.
    ///
    /// @param longest what it may have at best
    long backgroundRun(long longest) {
        lock.lock();
        try {
            return startsBlindly() ? Math.min(longest, 2 * link.worthARoundTrip()) : longest;
        } finally {
            lock.unlock();
        }
    }

    /// Returns when no image starts of which it is not known what it reads.
    void awaitEndOfBlindStart() throws InterruptedException {
        lock.lock();
        try {
            while (startsBlindly()) {
                long ignored = changed.awaitNanos(Math.max(1, startLasts()));
            }
        } finally {
            lock.unlock();
        }
    }

    Request begin(Run run) {
        return new Request(run);
    }

    private void change(int demands, int receivings) {
        lock.lock();
        try {
            demand += demands;
            surprises += demands > 0 && prefetching == 0 ? 1 : 0;
            guided &= surprises <= SURPRISES;
            receiving += receivings;
            lastDemand = System.nanoTime();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void changePrefetch(int by) {
        lock.lock();
        try {
            prefetching += by;
            lastDemand = System.nanoTime();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Returns after so many nanoseconds, or as soon as somebody waits for the run.
    void pause(Run run, long nanos) throws InterruptedException {
        long until = System.nanoTime() + nanos;
        lock.lock();
        try {
            for (long left = nanos;
                    left > 0 && run.priority() >= RemoteBlob.BACKGROUND;
                    left = until - System.nanoTime()) {
                long ignored = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Lets a run that somebody waits for now go on.
    void hurry(Run run, int priority) {
        run.hurry(priority);
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void giveWay(Run run) {
        try {
            awaitTurn(run::priority);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while a fetch gave way to reads", e);
        }
    }

    /// Returns when bytes of this priority may be asked for: what a server has been asked for it sends, and as much of
    /// that as a socket buffers arrives whether it is read or not.
    void awaitTurn(IntSupplier priority) throws InterruptedException {
        lock.lock();
        try {
            for (long wait = toWait(priority.getAsInt()); wait != 0; wait = toWait(priority.getAsInt())) {
                if (wait < 0) {
                    changed.await();
                } else {
                    long ignored = changed.awaitNanos(wait);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /// Nanoseconds to wait, 0 to go on, negative to wait for a change.
    private long toWait(int priority) {
        if (priority <= RemoteBlob.DEMAND) {
            return 0;
        }
        if (priority <= RemoteBlob.PREFETCH) {
            return receiving > 0 ? -1 : 0;
        }
        if (prefetching > 0) {
            return -1;
        }
        if (startsBlindly() && link.isTheBottleneck()) {
            return receiving > 0 ? -1 : 0;
        }
        if (demand > 0) {
            return -1;
        }
        long afterDemand = lastDemand == 0 ? 0 : GRACE_NANOS - (System.nanoTime() - lastDemand);
        return Math.max(startLasts(), Math.max(0, afterDemand));
    }

    /// Bytes between two wanted ranges up to which one request for both is better than two.
    long worthSkipping(int priority) {
        long roundTrip = link.worthARoundTrip();
        // while one request of the prefetch waits for its answer others arrive: a further one costs hardly anything
        return priority == RemoteBlob.PREFETCH ? Math.max(SMALLEST_SKIP, roundTrip / 16) : roundTrip;
    }

    /// What is done while an image starts of which it is not known what it reads, and why, for people.
    String planWithoutList() {
        String why = "with what is near each read, as it is not recorded what a start reads; ";
        return link.isTheBottleneck()
                ? why + "the link (" + link + ") is slower than the processor, so it is never idle"
                : why + "the link (" + link
                        + ") is faster than the processor, so the rest comes when the start is over";
    }

    /// What the link is like.
    LinkEstimate link() {
        return link;
    }

    /// Bytes behind what somebody waits for that are fetched with it.
    long worthFetchingAlong() {
        lock.lock();
        try {
            return startsBlindly() ? link.near() : link.worthARoundTrip();
        } finally {
            lock.unlock();
        }
    }
}
