package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.PriorityQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A fixed number of requests in flight, granted by rank: earliest fetch first, then lowest offset.
///
/// Bytes then arrive in the order an unpacker can use them, instead of a little of every layer. All state is guarded
/// by `lock`; a waiter is woken only when it has been granted, so nobody overtakes.
final class Permits {
    private final ReentrantLock lock = new ReentrantLock();
    private final PriorityQueue<Waiter> waiting = new PriorityQueue<>();
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
                if (free > 0) {
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

    private void release() {
        lock.lock();
        try {
            Waiter next = waiting.poll();
            if (next == null) {
                free++;
            } else {
                next.granted = true;
                next.wakeUp.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /// One place; closing it gives the place to the best waiter.
    final class Permit implements AutoCloseable {
        private boolean open = true;

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
