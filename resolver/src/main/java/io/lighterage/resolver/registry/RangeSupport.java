package io.lighterage.resolver.registry;

import java.time.Duration;

/// What the servers behind one source do with `Range`, and how much to ask for at once. Learnt from their answers; safe
/// for use by several threads.
final class RangeSupport {
    /// How long the body of one request should take: many round trips long, so that the wait for the next answer does
    /// not count, and short enough that the first bytes of a blob, which an unpacker waits for, are soon complete.
    private static final Duration TARGET = Duration.ofMillis(500);

    private static final long FIRST = 4 << 20;
    private static final long SMALLEST = 2 << 20;
    private static final long LARGEST = 32 << 20;

    private volatile long pieceSize = FIRST;
    private volatile boolean proven;
    private volatile boolean ignored;

    /// Whether a server has honoured a range and none has ignored one.
    boolean usable() {
        return proven && !ignored;
    }

    boolean ignored() {
        return ignored;
    }

    void noteHonoured() {
        if (!proven) {
            proven = true;
        }
    }

    /// Bytes the next request should ask for.
    long pieceSize() {
        return pieceSize;
    }

    /// Learns from a body that arrived whole.
    void noteSpeed(long bytes, Duration took) {
        if (bytes >= SMALLEST && took.isPositive()) {
            double perSecond = bytes * 1e9 / took.toNanos();
            pieceSize = Math.clamp((long) (perSecond * TARGET.toMillis() / 1000), SMALLEST, LARGEST);
        }
    }

    void noteIgnored() {
        ignored = true;
    }
}
