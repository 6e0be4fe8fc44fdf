package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.RemoteBlob;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Who may use the link, and what the link is like. One for all layers of a process.
///
/// Demand reads never wait. Prefetch stands still while bytes of a demand read arrive, but uses the time in
/// which a demand read waits for its first byte. Background fetch stands still as long as any demand read or prefetch
/// runs, and a moment longer, since programs read in bursts; while an image starts, as long as it reads anything.
final class Traffic {
    /// Bursts of reads are closer together than this; longer would waste a link on a program that thinks.
    static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /// How long an image counts as starting. A start is over sooner, or takes so long that the rest may come along.
    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(10);

    /// While an image starts, its program thinks for longer between two reads, and needs the processors itself.
    private static final long START_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(150);

    private static final long SMALLEST_GAP = 32 << 10;
    /// A megabyte for nothing is the most a round trip may be worth, however long and fat the link.
    private static final long LARGEST_GAP = 1 << 20;
    /// Weight of a new sample.
    private static final double NEW = 0.25;
    /// Less than this says nothing about a link's speed.
    private static final long MEASURABLE = 64 << 10;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int demand;
    private int receiving;
    private int prefetching;
    private long lastDemand;
    private volatile long startingUntil;
    private volatile long lastRead;
    /// Guesses to begin with: 10 ms, 10 MB/s.
    private double delayNanos = 10e6;
    private double bytesPerNano = 0.01;

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
                    learn(firstByte - begun, bytes, System.nanoTime() - firstByte);
                }
            } else if (prefetch) {
                changePrefetch(-1);
            }
        }
    }

    /// An image was opened, and is probably started next.
    void starting() {
        long now = System.nanoTime();
        lastRead = now;
        startingUntil = now + START_NANOS;
    }

    /// Something was read, be it here or not.
    void noteRead() {
        if (startingUntil != 0) {
            long now = System.nanoTime();
            lastRead = now;
            if (now - startingUntil > 0) {
                startingUntil = 0;
            }
        }
    }

    Request begin(Run run) {
        return new Request(run);
    }

    private void change(int demands, int receivings) {
        lock.lock();
        try {
            demand += demands;
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
            changed.signalAll();
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
        lock.lock();
        try {
            for (long wait = toWait(run); wait != 0; wait = toWait(run)) {
                if (wait < 0) {
                    changed.await();
                } else {
                    long ignored = changed.awaitNanos(wait);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while a fetch gave way to reads", e);
        } finally {
            lock.unlock();
        }
    }

    /// Nanoseconds to wait, 0 to go on, negative to wait for a change.
    private long toWait(Run run) {
        if (run.priority() <= RemoteBlob.DEMAND) {
            return 0;
        }
        if (run.priority() <= RemoteBlob.PREFETCH) {
            return receiving > 0 ? -1 : 0;
        }
        if (demand > 0 || prefetching > 0) {
            return -1;
        }
        long now = System.nanoTime();
        long afterDemand = lastDemand == 0 ? 0 : GRACE_NANOS - (now - lastDemand);
        long until = startingUntil;
        long afterRead = until == 0 || now - until > 0 ? 0 : START_GRACE_NANOS - (now - lastRead);
        return Math.max(0, Math.max(afterDemand, afterRead));
    }

    private void learn(long delay, long bytes, long nanos) {
        lock.lock();
        try {
            delayNanos += NEW * (delay - delayNanos);
            if (bytes >= MEASURABLE && nanos > 0) {
                bytesPerNano += NEW * ((double) bytes / nanos - bytesPerNano);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Bytes that arrive in the time a request of its own would take: what may be fetched for nothing.
    long worthARoundTrip() {
        lock.lock();
        try {
            return Math.clamp((long) (delayNanos * bytesPerNano), SMALLEST_GAP, LARGEST_GAP);
        } finally {
            lock.unlock();
        }
    }
}
