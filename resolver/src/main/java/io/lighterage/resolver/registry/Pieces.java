package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest.ByteRange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/// The missing ranges of a blob, handed out from the front in pieces of what one request asks for; each byte once.
///
/// Whoever unpacks the blob waits for the earliest byte that is missing, and everything above it waits too. So towards
/// the end the pieces shrink with what is left, for requests on connections of unequal speed to end together; and what
/// a
/// connection that fell far behind the others still owes is given to the next that asks for work.
final class Pieces {
    /// Below this a blob is one request: it is here before a second connection has opened its window.
    static final long SPLIT_ABOVE = 8 << 20;
    /// At 50 Mbit/s on one connection a sixth of a second, still several round trips.
    private static final long SMALLEST = 1 << 20;
    /// And never less than an eighth of a second at the speed found, which hides a long round trip too.
    private static final long SMALLEST_SHARE = 4;

    private final Deque<ByteRange> left;
    private final List<Piece> underWay = new ArrayList<>();
    private final Stragglers stragglers;
    private final LongSupplier step;
    private final int width;
    private final boolean split;
    private long bytes;

    /// @param step length of the next piece in bytes, asked each time
    /// @param width how many requests share the blob
    /// @param nanos what time it is
    Pieces(List<ByteRange> missing, LongSupplier step, int width, LongSupplier nanos) {
        this.width = width;
        this.step = step;
        left = new ArrayDeque<>(missing);
        bytes = missing.stream().mapToLong(ByteRange::length).sum();
        split = bytes > SPLIT_ABOVE;
        stragglers = new Stragglers(nanos);
    }

    /// Whether several requests share the blob.
    boolean split() {
        return split;
    }

    /// The next piece to fetch, to be [finished][#finish]; waits while all bytes are under way, since what a
    /// connection then fails to bring becomes a piece again.
    ///
    /// @return nothing when every byte is here
    /// @throws ImageException CANCELLED when interrupted
    synchronized Optional<Piece> next() {
        try {
            return take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for the rest of a blob", e);
        }
    }

    private synchronized Optional<Piece> take() throws InterruptedException {
        while (true) {
            Optional<Piece> piece = poll();
            if (piece.isPresent() || underWay.isEmpty() || !split) {
                return piece;
            }
            wait(Stragglers.LOOK_MILLIS);
        }
    }

    /// The next piece to fetch if there is one now, see [#next].
    synchronized Optional<Piece> poll() {
        Optional<Piece> late = stragglers.find(underWay);
        if (late.isPresent()) {
            return Optional.of(begin(late.get().cut(), late.get().generation() + 1));
        }
        ByteRange front = left.poll();
        return front == null ? Optional.empty() : Optional.of(begin(fromFront(front), 0));
    }

    private ByteRange fromFront(ByteRange front) {
        long length = Math.min(front.length(), length());
        if (length < front.length()) {
            left.addFirst(new ByteRange(front.offset() + length, front.length() - length));
        }
        bytes -= length;
        return new ByteRange(front.offset(), length);
    }

    private long length() {
        if (!split) {
            return Long.MAX_VALUE;
        }
        long most = step.getAsLong();
        long shrunk = Math.max(Math.max(SMALLEST, most / SMALLEST_SHARE), bytes / (2L * width));
        return Math.min(most, shrunk);
    }

    private Piece begin(ByteRange range, int generation) {
        Piece piece = new Piece(range, generation, stragglers.now());
        underWay.add(piece);
        return piece;
    }

    /// Says that nothing more will be written of the piece.
    synchronized void finish(Piece piece) {
        boolean known = underWay.remove(piece);
        assert known : piece;
        stragglers.learn(piece);
        notifyAll();
    }

    /// How many requests what is left will take at least.
    synchronized long count() {
        long length = split ? step.getAsLong() : Long.MAX_VALUE;
        return left.stream()
                .mapToLong(range -> 1 + (range.length() - 1) / length)
                .sum();
    }
}
