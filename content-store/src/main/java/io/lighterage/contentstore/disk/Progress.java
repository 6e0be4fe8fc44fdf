package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest.ByteRange;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// What of an ingest is here, what is being written this moment, and who waits for it.
///
/// Invariants, under one lock: ranges in flight are disjoint, and disjoint from ranges that are here; so the
/// contiguous prefix only grows and nobody writes to it.
final class Progress {
    private enum State {
        OPEN,
        COMMITTING,
        PUBLISHED,
        SPOILT,
        CLOSED
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Descriptor expected;
    private final RangeSet here;
    private final RangeSet inFlight = new RangeSet();
    private final RangeFile durable;
    private State state = State.OPEN;
    private boolean published;
    private int waiters;
    private @Nullable ImageException failure;
    private volatile long contiguous;

    Progress(Descriptor expected, RangeSet here, RangeFile durable) {
        this.expected = expected;
        this.here = here;
        this.durable = durable;
        this.contiguous = here.runEnd(0);
    }

    long contiguous() {
        return contiguous;
    }

    List<ByteRange> missing() {
        lock.lock();
        try {
            return here.gaps(expected.size());
        } finally {
            lock.unlock();
        }
    }

    long remaining() {
        lock.lock();
        try {
            return expected.size() - here.total();
        } finally {
            lock.unlock();
        }
    }

    /// Claims the first part of `[start, end)` that is not here for a write; waits while somebody else writes it.
    ///
    /// Bytes that are here are never written again, so a write that fails takes nothing away, and what a writer's
    /// buffer held is what the file holds.
    ///
    /// @return the part to write, of length 0 when all of it is here
    ByteRange begin(long start, long end) {
        lock.lock();
        try {
            requireOpen();
            while (true) {
                long from = here.runEnd(start);
                if (from >= end) {
                    return new ByteRange(end, 0);
                }
                long until = here.firstStart(from, end);
                if (!inFlight.overlaps(from, until)) {
                    inFlight.add(from, until);
                    return new ByteRange(from, until - from);
                }
                await("waiting for an overlapping write");
                requireOpen();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Ends the write of `[from, end)`, of which `[from, reached)` got there.
    void end(long from, long end, long reached) throws IOException {
        lock.lock();
        try {
            inFlight.remove(from, end);
            here.add(from, reached);
            contiguous = here.runEnd(0);
            if (waiters > 0 || state == State.CLOSED) {
                changed.signalAll();
            }
            durable.mark(here, from, reached);
        } finally {
            lock.unlock();
        }
    }

    /// Waits until the byte at `position` is here.
    ///
    /// @return how far the bytes are here without a gap, more than `position`
    long awaitByte(long position) {
        long prefix = contiguous;
        if (position < prefix) {
            return prefix;
        }
        lock.lock();
        try {
            while (true) {
                long end = here.runEnd(position);
                if (end > position) {
                    return end;
                }
                ImageException cause = failure;
                if (cause != null) {
                    throw new ImageException(cause.kind(), String.valueOf(cause.getMessage()), cause);
                }
                await("waiting for byte " + position);
            }
        } finally {
            lock.unlock();
        }
    }

    void fail(ImageException cause) {
        lock.lock();
        try {
            if (!published && failure == null) {
                failure = cause;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void beginCommit() {
        lock.lock();
        try {
            requireOpen();
            List<ByteRange> gaps = here.gaps(expected.size());
            if (!gaps.isEmpty()) {
                throw new ImageException(
                        ErrorKind.PRECONDITION,
                        "cannot commit blob " + expected.digest() + ": " + (expected.size() - here.total()) + " of "
                                + expected.size() + " bytes are missing, the first at "
                                + gaps.getFirst().offset());
            }
            state = State.COMMITTING;
        } finally {
            lock.unlock();
        }
    }

    void reopen() {
        become(State.OPEN);
    }

    void published() {
        lock.lock();
        try {
            published = true;
            failure = null;
            become(State.PUBLISHED);
        } finally {
            lock.unlock();
        }
    }

    /// Nothing that is here can be trusted or used any more.
    void spoil(ImageException cause) {
        lock.lock();
        try {
            here.remove(0, expected.size());
            contiguous = 0;
            failure = cause;
            become(State.SPOILT);
        } finally {
            lock.unlock();
        }
    }

    /// Refuses further writes and waits for those under way, since the place is given up next and a late write
    /// would hit another writer's file.
    ///
    /// @return false when it was closed before
    boolean close() {
        lock.lock();
        try {
            if (state == State.CLOSED) {
                return false;
            }
            while (state == State.COMMITTING) {
                changed.awaitUninterruptibly();
            }
            boolean spoilt = state == State.SPOILT;
            state = State.CLOSED;
            if (!published && failure == null) {
                failure = new ImageException(
                        ErrorKind.CANCELLED,
                        "the writing of blob " + expected.digest() + " was given up after " + contiguous + " of "
                                + expected.size() + " bytes");
            }
            changed.signalAll();
            while (!inFlight.isEmpty()) {
                changed.awaitUninterruptibly();
            }
            closeMap(spoilt);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void closeMap(boolean spoilt) {
        try {
            if (!published && !spoilt) {
                Uninterrupted.run(() -> durable.markExactly(here));
            }
        } catch (IOException e) {
            // The map then says less than is here, which costs a chunk fetched again.
            System.getLogger(Progress.class.getName())
                    .log(System.Logger.Level.DEBUG, "cannot note the progress of " + expected.digest(), e);
        } finally {
            try {
                durable.close();
            } catch (IOException e) {
                System.getLogger(Progress.class.getName())
                        .log(System.Logger.Level.WARNING, "cannot close the range map of " + expected.digest(), e);
            }
        }
    }

    private void become(State next) {
        lock.lock();
        try {
            state = next;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() {
        if (state == State.OPEN) {
            return;
        }
        throw new ImageException(
                ErrorKind.PRECONDITION,
                "cannot write blob " + expected.digest() + ": its ingest is "
                        + state.name().toLowerCase(java.util.Locale.ROOT) + "; begin another one");
    }

    @SuppressWarnings("WaitNotInLoop") // every caller loops
    private void await(String what) {
        waiters++;
        try {
            changed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(
                    ErrorKind.CANCELLED, "interrupted while " + what + " of blob " + expected.digest(), e);
        } finally {
            waiters--;
        }
    }
}
