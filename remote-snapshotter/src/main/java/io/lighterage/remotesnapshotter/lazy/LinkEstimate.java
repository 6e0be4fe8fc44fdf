package io.lighterage.remotesnapshotter.lazy;

/// What the link to where layers come from is like: learned from every request that somebody waited for. Thread-safe.
final class LinkEstimate {
    /// A link faster than this brings more than a processor inflates, verifies and writes while a program starts beside
    /// it: compressed bytes a nanosecond.
    private static final double DECODED = 0.02;

    /// What a program that starts reads next is probably near what it read just now, so that much comes along of which
    /// it is not known that it is wanted: as much as arrives in this time.
    private static final double NEAR_NANOS = 20e6;

    private static final long LONGEST_NEAR = 2 << 20;
    private static final long SMALLEST_GAP = 32 << 10;
    /// A megabyte for nothing is the most a round trip may be worth, however long and fat the link.
    private static final long LARGEST_GAP = 1 << 20;
    /// Weight of a new sample.
    private static final double NEW = 0.25;
    /// Less than this says nothing about a link's speed.
    private static final long MEASURABLE = 64 << 10;

    /// Guesses to begin with: 10 ms, 10 MB/s.
    private double delayNanos = 10e6;

    private double bytesPerNano = 0.01;

    /// Takes a request into account.
    ///
    /// @param delay nanoseconds to its first byte
    /// @param bytes that arrived
    /// @param nanos from the first byte to the last
    synchronized void learn(long delay, long bytes, long nanos) {
        delayNanos += NEW * (delay - delayNanos);
        if (bytes >= MEASURABLE && nanos > 0) {
            bytesPerNano += NEW * ((double) bytes / nanos - bytesPerNano);
        }
    }

    /// Bytes that arrive in the time a request of its own would take: what may be fetched for nothing.
    synchronized long worthARoundTrip() {
        return Math.clamp((long) (delayNanos * bytesPerNano), SMALLEST_GAP, LARGEST_GAP);
    }

    /// Bytes behind those that were asked for which a start that is not known should get, too.
    synchronized long near() {
        long soon = Math.clamp((long) (NEAR_NANOS * bytesPerNano), SMALLEST_GAP, LONGEST_NEAR);
        return Math.max(soon, worthARoundTrip());
    }

    /// Whether bytes arrive more slowly than they could be decoded, so that none of the link's time should be lost.
    synchronized boolean isTheBottleneck() {
        return bytesPerNano < DECODED;
    }

    /// For people, such as `5.2 ms, 80 MB/s`.
    @Override
    public synchronized String toString() {
        return String.format(java.util.Locale.ROOT, "%.1f ms, %.0f MB/s", delayNanos / 1e6, bytesPerNano * 1e3);
    }
}
