package io.lighterage.remotesnapshotter.apply;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.ByteSource;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Hands the pieces of one producer to several readers, without copying and with bounded memory.
///
/// The producer's buffers are a ring themselves: the piece it makes takes the place of the one made `capacity` pieces
/// ago. So it may make the next one only when every reader has let go of that one. Each reader sees every piece, in
/// order, through its own view. A piece is a quarter of a mebibyte, so the one lock is taken some thousand times a
/// gigabyte.
///
/// Guards: `lock` guards all fields. Whoever waits here is woken by [#cancel] and then sees [Cancelled].
public final class PieceRing {
    /// Somebody else failed; this thread has nothing to add.
    public static final class Cancelled extends ImageException {
        private static final long serialVersionUID = 1L;

        Cancelled() {
            super(ErrorKind.CANCELLED, "another stage has ended the work");
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final @Nullable ByteBuffer[] pieces;
    private final long[] released;
    private long published;
    private boolean ended;
    private boolean cancelled;

    public PieceRing(int capacity, int readers) {
        pieces = new @Nullable ByteBuffer[capacity];
        released = new long[readers];
    }

    /// Copies nothing: runs the source to its end, a piece whenever there is room. For the producing thread.
    public void fill(ByteSource source) {
        while (true) {
            awaitRoom();
            ByteBuffer piece = source.next();
            publish(piece);
            if (piece == null) {
                return;
            }
        }
    }

    private void awaitRoom() {
        lock.lock();
        try {
            while (!cancelled && published - slowest() >= pieces.length) {
                changed.awaitUninterruptibly();
            }
            checkCancelled();
        } finally {
            lock.unlock();
        }
    }

    private void publish(@Nullable ByteBuffer piece) {
        lock.lock();
        try {
            checkCancelled();
            if (piece == null) {
                ended = true;
            } else {
                pieces[(int) (published % pieces.length)] = piece;
                published++;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private long slowest() {
        long least = Long.MAX_VALUE;
        for (long count : released) {
            least = Math.min(least, count);
        }
        return least;
    }

    /// Makes every present and future wait here end.
    public void cancel() {
        lock.lock();
        try {
            cancelled = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void checkCancelled() {
        if (cancelled) {
            throw new Cancelled();
        }
    }

    /// The view of one reader, for one thread.
    public ByteSource reader(int index) {
        return new Reader(index);
    }

    private final class Reader implements ByteSource {
        private final int index;
        private long taken;

        Reader(int index) {
            this.index = index;
        }

        @Override
        public @Nullable ByteBuffer next() {
            lock.lock();
            try {
                if (released[index] != taken) {
                    released[index] = taken;
                    changed.signalAll();
                }
                while (!cancelled && !ended && published == taken) {
                    changed.awaitUninterruptibly();
                }
                checkCancelled();
                ByteBuffer piece = published == taken ? null : pieces[(int) (taken % pieces.length)];
                if (piece == null) {
                    return null;
                }
                taken++;
                return piece.duplicate();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            // The pieces are the producer's.
        }
    }
}
