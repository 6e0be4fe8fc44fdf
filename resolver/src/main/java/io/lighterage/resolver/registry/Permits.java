package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.PriorityQueue;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A fixed number of requests in flight, granted by rank: earliest fetch first, then lowest offset.
///
/// Bytes then arrive in the order an unpacker can use them, instead of a little of every layer. All state is guarded
/// by `lock`; a waiter is woken only when it has been granted, so nobody overtakes.
final class Permits {
    private final ReentrantLock lock = new ReentrantLock();
    private final PriorityQueue<Waiter> waiting = new PriorityQueue<>();
    /// Fetches that want more places than they have asked for yet.
    private final TreeSet<Long> growing = new TreeSet<>();

    private int free;

    Permits(int count) {
        free = Math.max(1, count);
    }

    /// Waits for a permit.
    ///
    /// @param fetch number of the fetch; lower goes first
    /// @param offset position in the blob; within a fetch lower goes first
    /// @throws ImageException CANCELLED when interrupted
    Permit acquire(long fetch, long offset) {
        try {
            lock.lockInterruptibly();
            try {
                if (free > 0 && !mustWait(fetch)) {
                    free--;
                } else {
                    await(new Waiter(fetch, offset, lock.newCondition()));
                }
                return new Permit();
            } finally {
                lock.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for a place in the queue", e);
        }
    }

    private void await(Waiter waiter) throws InterruptedException {
        waiting.add(waiter);
        try {
            while (!waiter.granted) {
                waiter.wakeUp.await();
            }
        } catch (InterruptedException e) {
            if (!waiting.remove(waiter)) {
                release(); // granted at the same moment: pass it on
            }
            throw e;
        }
    }

    /// Keeps free places from later fetches until [#settled]: this one will ask for more as soon as it knows that the
    /// server answers parts of a blob, and what is below is needed first.
    void growing(long fetch) {
        lock.lock();
        try {
            growing.add(fetch);
        } finally {
            lock.unlock();
        }
    }

    /// Says that the fetch has asked for all the places it can use.
    void settled(long fetch) {
        lock.lock();
        try {
            growing.remove(fetch);
            grant();
        } finally {
            lock.unlock();
        }
    }

    private boolean mustWait(long fetch) {
        return !growing.isEmpty() && growing.first() < fetch;
    }

    private void grant() {
        Waiter next = waiting.peek();
        while (free > 0 && next != null && !mustWait(next.fetch)) {
            Waiter granted = waiting.remove();
            free--;
            granted.granted = true;
            granted.wakeUp.signal();
            next = waiting.peek();
        }
    }

    private void release() {
        lock.lock();
        try {
            free++;
            grant();
        } finally {
            lock.unlock();
        }
    }

    /// One place; closing it gives the place to the best waiter.
    final class Permit implements AutoCloseable {
        private boolean open = true;

        /// As closing it and [Permits#acquire], but in one step, so that nobody of a later rank slips in between.
        ///
        /// @throws ImageException CANCELLED when interrupted; the place is lost then
        Permit exchange(long fetch, long offset) {
            lock.lock();
            try {
                Waiter best = waiting.peek();
                if (best == null || best.compareTo(new Waiter(fetch, offset, best.wakeUp)) > 0) {
                    return this;
                }
                close();
            } finally {
                lock.unlock();
            }
            return acquire(fetch, offset);
        }

        @Override
        public void close() {
            if (open) {
                open = false;
                release();
            }
        }
    }

    private static final class Waiter implements Comparable<Waiter> {
        private final long fetch;
        private final long offset;
        private final Condition wakeUp;
        private boolean granted;

        Waiter(long fetch, long offset, Condition wakeUp) {
            this.fetch = fetch;
            this.offset = offset;
            this.wakeUp = wakeUp;
        }

        @Override
        public int compareTo(Waiter other) {
            int byFetch = Long.compare(fetch, other.fetch);
            return byFetch != 0 ? byFetch : Long.compare(offset, other.offset);
        }
    }
}
