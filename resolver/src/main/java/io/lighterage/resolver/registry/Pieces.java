package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Ingest.ByteRange;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/// The missing ranges of a blob, handed out from the front in pieces of what one request asks for; each byte once.
final class Pieces {
    /// Below this a blob is one request: it is here before a second connection has opened its window.
    static final long SPLIT_ABOVE = 8 << 20;

    private final Deque<ByteRange> left;
    private final LongSupplier step;

    /// @param step length of the next piece in bytes, asked each time
    Pieces(List<ByteRange> missing, LongSupplier step) {
        left = new ArrayDeque<>(missing);
        boolean split = total() > SPLIT_ABOVE;
        this.step = split ? step : () -> Long.MAX_VALUE;
    }

    synchronized Optional<ByteRange> next() {
        ByteRange front = left.poll();
        if (front == null) {
            return Optional.empty();
        }
        long length = Math.min(front.length(), step.getAsLong());
        if (length < front.length()) {
            left.addFirst(new ByteRange(front.offset() + length, front.length() - length));
        }
        return Optional.of(new ByteRange(front.offset(), length));
    }

    /// How many requests what is left will take about.
    synchronized long count() {
        long length = step.getAsLong();
        return left.stream()
                .mapToLong(range -> 1 + (range.length() - 1) / length)
                .sum();
    }

    private long total() {
        return left.stream().mapToLong(ByteRange::length).sum();
    }
}
