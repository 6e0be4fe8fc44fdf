package io.lighterage.remotesnapshotter.lazy;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// A token bucket: so many bytes a second on the average, a tenth of a second's worth at once.
final class Pacer {
    private static final double BURST_SECONDS = 0.1;

    private final ReentrantLock lock = new ReentrantLock();
    private final double bytesPerNano;
    private final LongSupplier nanoTime;
    private final double burst;
    private double tokens;
    private long filledAt;

    Pacer(long bytesPerSecond, LongSupplier nanoTime) {
        this.bytesPerNano = bytesPerSecond / 1e9;
        this.burst = bytesPerSecond * BURST_SECONDS;
        this.nanoTime = nanoTime;
        this.tokens = burst;
        this.filledAt = nanoTime.getAsLong();
    }

    /// Takes tokens for bytes that were received.
    ///
    /// @return nanoseconds until they are paid for
    long take(long bytes) {
        lock.lock();
        try {
            long now = nanoTime.getAsLong();
            tokens = Math.min(burst, tokens + (now - filledAt) * bytesPerNano) - bytes;
            filledAt = now;
            return tokens >= 0 ? 0 : (long) (-tokens / bytesPerNano);
        } finally {
            lock.unlock();
        }
    }
}
