package io.lighterage.remotesnapshotter.flat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/// Reads that have just failed after a long wait.
///
/// The kernel tries a failed read of several pages again, in smaller pieces and on each of the two file systems
/// that lie on each other here. Each would wait until its own time is up, and a reader several times as long as
/// it was promised; so what has failed slowly fails at once for a moment. Thread-safe.
final class FailedReads {
    /// Less is no wait worth saving, and is tried again.
    private static final long SLOW_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// The kernel's next attempts come within milliseconds; a person's, or a program's that waits, do not.
    private static final long KEPT_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// A stalled registry fails many at once.
    private static final int KEPT = 256;

    private final Deque<Failure> last = new ArrayDeque<>();

    private record Failure(long node, long from, long to, long at) {}

    /// @param nanos how long it took to fail
    synchronized void note(long node, long offset, long length, long nanos) {
        if (nanos >= SLOW_NANOS) {
            if (last.size() == KEPT) {
                last.removeFirst();
            }
            last.addLast(new Failure(node, offset, offset + length, System.nanoTime()));
        }
    }

    /// Whether part of a range has failed just now.
    synchronized boolean justNow(long node, long offset, long length) {
        long now = System.nanoTime();
        while (!last.isEmpty() && now - last.getFirst().at() > KEPT_NANOS) {
            last.removeFirst();
        }
        return last.stream().anyMatch(one -> one.node() == node && one.from() < offset + length && offset < one.to());
    }
}
