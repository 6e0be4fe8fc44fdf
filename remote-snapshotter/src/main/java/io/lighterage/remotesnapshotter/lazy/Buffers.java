package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Semaphore;

/// Direct memory for chunks under way, within a fixed budget.
///
/// Who needs memory reserves all it will need at once, first come first served, so nobody holds some while
/// waiting for more. What is larger than the whole budget gets the whole budget. Buffers are kept and handed
/// out again, since direct memory is given back by the garbage collector only.
final class Buffers {
    private static final int UNIT_SHIFT = 10;
    private static final int SMALLEST_CLASS = 16;
    private static final int CLASSES = 31 - SMALLEST_CLASS;

    private final int units;
    private final Semaphore budget;
    private final Deque<ByteBuffer>[] free;
    private long kept;

    /// @param bytes the budget
    @SuppressWarnings({"unchecked", "rawtypes"})
    Buffers(int bytes) {
        units = bytes >> UNIT_SHIFT;
        budget = new Semaphore(units, true);
        free = new Deque[CLASSES];
        for (int i = 0; i < CLASSES; i++) {
            free[i] = new ArrayDeque<>();
        }
    }

    /// Waits until so many bytes may be used.
    ///
    /// @throws ImageException CANCELLED when interrupted
    Reservation reserve(long bytes) {
        int count = (int) Math.min(units, (bytes >> UNIT_SHIFT) + 1);
        try {
            budget.acquire(count);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for memory", e);
        }
        return new Reservation(count);
    }

    /// Part of the budget, to be given back.
    final class Reservation implements AutoCloseable {
        private final int count;
        private boolean open = true;

        private Reservation(int count) {
            this.count = count;
        }

        @Override
        public void close() {
            if (open) {
                open = false;
                budget.release(count);
            }
        }
    }

    /// A buffer of at least `size` bytes, limited to exactly that.
    ByteBuffer take(int size) {
        int index = classOf(size);
        ByteBuffer found;
        synchronized (free) {
            found = free[index].poll();
            if (found != null) {
                kept -= found.capacity();
            }
        }
        if (found == null) {
            found = ByteBuffer.allocateDirect(index == CLASSES - 1 ? size : 1 << (index + SMALLEST_CLASS));
        }
        return found.clear().limit(size);
    }

    void give(ByteBuffer buffer) {
        int index = classOf(buffer.capacity());
        synchronized (free) {
            boolean ofClass = buffer.capacity() == 1 << (index + SMALLEST_CLASS);
            if (ofClass && kept + buffer.capacity() <= (long) units << UNIT_SHIFT) {
                kept += buffer.capacity();
                free[index].push(buffer);
            }
        }
    }

    private static int classOf(int size) {
        int bits = 32 - Integer.numberOfLeadingZeros(Math.max(1, size - 1));
        return Math.min(CLASSES - 1, Math.max(0, bits - SMALLEST_CLASS));
    }
}
