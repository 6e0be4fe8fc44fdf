package io.lighterage.resolver.registry;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Tells which request of several for one blob fell so far behind that its bytes come sooner from another: TCP shares a
/// full link unevenly, and one stream that lost the wrong packets can crawl while its neighbours fly.
///
/// Guarded by the caller.
final class Stragglers {
    /// How often whoever has nothing else to do looks.
    static final long LOOK_MILLIS = 50;

    /// So much slower than what others brought per request; twice is common between streams that do well.
    private static final double FACTOR = 3;
    /// A stream that is just opening its window is slow as well.
    private static final long YOUNG_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    /// Less than this is in the socket already, more often than not.
    private static final long WORTH_IT = 256 << 10;
    /// What was taken this often stays where it is: then it is not the connection.
    private static final int GENERATIONS = 3;

    private final LongSupplier nanos;
    private int pieces;
    private long bytes;
    private long took;

    Stragglers(LongSupplier nanos) {
        this.nanos = nanos;
    }

    long now() {
        return nanos.getAsLong();
    }

    /// Learns what a request brings in what time.
    void learn(Piece piece) {
        if (piece.fetched() >= WORTH_IT) {
            pieces++;
            bytes += piece.fetched();
            took += Math.max(1, now() - piece.begun());
        }
    }

    /// The earliest of the pieces that should be cut.
    Optional<Piece> find(List<Piece> underWay) {
        if (pieces < 2) {
            return Optional.empty();
        }
        double usual = (double) bytes / took;
        long now = now();
        return underWay.stream()
                .filter(piece -> piece.isOpen()
                        && piece.generation() < GENERATIONS
                        && piece.rest().length() >= WORTH_IT
                        && now - piece.begun() > YOUNG_NANOS
                        && speed(piece, now) * FACTOR < usual)
                .min(Comparator.comparingLong(Piece::offset));
    }

    /// Bytes per nanosecond so far, or less when nothing came for long.
    private static double speed(Piece piece, long now) {
        double all = (double) piece.fetched() / (now - piece.begun());
        double atMost = (double) WORTH_IT / Math.max(1, now - piece.advanced());
        return Math.min(all, atMost);
    }
}
