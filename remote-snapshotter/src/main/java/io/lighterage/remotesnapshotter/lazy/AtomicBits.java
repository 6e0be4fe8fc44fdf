package io.lighterage.remotesnapshotter.lazy;

import java.util.concurrent.atomic.AtomicLongArray;

/// A fixed number of bits that any thread may set, clear and look at. Setting a bit happens before seeing it
/// set.
final class AtomicBits {
    private final AtomicLongArray words;

    AtomicBits(int count) {
        words = new AtomicLongArray((count >>> 6) + 1);
    }

    boolean get(int bit) {
        return (words.getAcquire(bit >>> 6) & 1L << bit) != 0;
    }

    /// @return whether this call changed it
    boolean set(int bit) {
        long mask = 1L << bit;
        return (words.getAndAccumulate(bit >>> 6, mask, (old, given) -> old | given) & mask) == 0;
    }

    /// @return whether this call changed it
    boolean clear(int bit) {
        long mask = 1L << bit;
        return (words.getAndAccumulate(bit >>> 6, mask, (old, given) -> old & ~given) & mask) != 0;
    }
}
