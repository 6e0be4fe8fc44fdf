package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest;
import io.lighterage.contentstore.Ingest.ByteRange;
import io.lighterage.contentstore.TaskGroup;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import okio.BufferedSource;
import org.jspecify.annotations.Nullable;

/// Copies what an ingest misses of one blob.
///
/// 1. Cut the missing ranges into [Pieces].
/// 2. Fetch the first piece. Its answer shows whether the server honours ranges; then others join in, each with one
///    request at a time, as the shared [Permits] allow.
/// 3. A request that breaks off is repeated from where it stopped; progress starts the count of failures anew. One that
///    falls far behind the others is ended, and its bytes are asked for again ([Stragglers]).
/// 4. A server that ignores ranges gets one request for everything, and what is here already is skipped.
///
/// One lasting failure interrupts the other requests; what they have written stays in the ingest.
final class BlobFetch {
    /// One write to the ingest: large enough that the write costs little beside its bytes.
    private static final int BUFFER = 256 << 10;
    /// An attempt that brought this much did not fail for the reason the one before did.
    private static final long PROGRESS = 256 << 10;

    /// Tells that the server sent the whole blob where a part was asked for.
    private static final class RangesIgnored extends RuntimeException {
        private static final long serialVersionUID = 1L;

        RangesIgnored() {
            super("ranges ignored", null, false, false);
        }
    }

    private final BlobRoute route;
    private final Descriptor descriptor;
    private final Ingest into;
    private final LongConsumer received;
    private final RetryPolicy retry;
    private final InstantSource clock;
    private final Permits permits;
    private final long number;
    private final int width;

    /// @param number rank among the fetches of the source, see [Permits]
    /// @param width most requests in flight for this blob
    BlobFetch(
            BlobRoute route,
            Ingest into,
            LongConsumer received,
            RetryPolicy retry,
            Permits permits,
            long number,
            int width) {
        this.route = route;
        this.descriptor = route.descriptor();
        this.into = into;
        this.received = received;
        this.retry = retry;
        this.clock = retry.timing().clock();
        this.permits = permits;
        this.number = number;
        this.width = width;
    }

    /// @throws ImageException the first lasting failure
    void run() {
        List<ByteRange> missing = into.missing();
        if (missing.isEmpty()) {
            return;
        }
        if (!route.ranges().ignored()) {
            try {
                inPieces(new Pieces(missing, route.ranges()::pieceSize, width, System::nanoTime));
                return;
            } catch (RangesIgnored e) {
                // the blob comes in one stream, below
            }
        }
        try (TaskGroup group = new TaskGroup("fetch-" + descriptor.digest().shortHex())) {
            fork(group, this::inOneStream);
            group.join();
        }
    }

    private void inPieces(Pieces pieces) {
        CountDownLatch answered = new CountDownLatch(1);
        boolean probing = !route.ranges().usable();
        if (probing && pieces.split()) {
            permits.growing(number);
        }
        try (TaskGroup group = new TaskGroup("fetch-" + descriptor.digest().shortHex())) {
            fork(group, () -> work(pieces, answered, () -> {}));
            if (probing) {
                await(answered);
            }
            int more = (int) Math.min(width - 1, pieces.count());
            AtomicInteger unplaced = new AtomicInteger(more);
            for (int i = 0; i < more; i++) {
                fork(
                        group,
                        () -> work(pieces, answered, () -> {
                            if (unplaced.decrementAndGet() == 0) {
                                permits.settled(number);
                            }
                        }));
            }
            if (more == 0) {
                permits.settled(number);
            }
            group.join();
        } finally {
            permits.settled(number);
        }
    }

    private static void fork(TaskGroup group, Runnable task) {
        group.fork(() -> {
            task.run();
            return null;
        });
    }

    private static void await(CountDownLatch answered) {
        try {
            answered.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for the first bytes", e);
        }
    }

    /// @param placed to be told once, when this worker has its place among the requests in flight or needs none
    private void work(Pieces pieces, CountDownLatch answered, Runnable placed) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(Math.clamp(descriptor.size(), 1, BUFFER));
        try (Turn turn = new Turn(placed)) {
            for (Optional<Piece> next = next(pieces, turn); next.isPresent(); next = next(pieces, turn)) {
                Piece piece = next.get();
                try {
                    fetch(piece, turn, buffer, answered);
                } finally {
                    pieces.finish(piece);
                }
            }
        } finally {
            answered.countDown();
        }
    }

    private static Optional<Piece> next(Pieces pieces, Turn turn) {
        Optional<Piece> now = pieces.poll();
        if (now.isPresent()) {
            return now;
        }
        turn.close(); // others may fetch while this worker waits
        return pieces.next();
    }

    private void fetch(Piece piece, Turn turn, ByteBuffer buffer, CountDownLatch answered) {
        int failures = 0;
        while (!piece.isComplete()) {
            long before = piece.fetched();
            try {
                turn.take(piece.offset());
                fetchOnce(piece, buffer, answered);
                failures = 0;
            } catch (RegistryFailure failure) {
                if (piece.isComplete()) {
                    return; // it was cut, which ended the request
                }
                failures = piece.fetched() - before >= PROGRESS ? 1 : failures + 1;
                turn.close();
                retry.pause(failure, failures);
            }
        }
    }

    private void fetchOnce(Piece piece, ByteBuffer buffer, CountDownLatch answered) {
        ByteRange rest = piece.rest();
        if (rest.length() == 0) {
            return; // cut while it waited for its turn
        }
        try (BlobBody body = route.open(rest)) {
            if (body.offset() != rest.offset() || body.end() > rest.end()) {
                body.reply().abandon();
                throw new RangesIgnored();
            }
            piece.from(body.reply(), System.nanoTime());
            answered.countDown();
            Instant begun = clock.instant();
            Position position = new Position(rest.offset(), piece);
            if (copy(body, position, body.end(), buffer)) {
                route.ranges().noteSpeed(position.written, Duration.between(begun, clock.instant()));
            }
        } finally {
            piece.fromNowhere();
        }
    }

    /// The whole blob in one answer; only what is missing is written.
    private void inOneStream() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        int failures = 0;
        while (true) {
            Position position = new Position(0, null);
            try (Permits.Permit _ = permits.acquire(number, 0);
                    BlobBody body = route.open(new ByteRange(0, descriptor.size()))) {
                for (ByteRange range : into.missing()) {
                    skip(body, position, range.offset());
                    copy(body, position, range.end(), buffer);
                }
                return;
            } catch (RegistryFailure failure) {
                failures = position.written >= PROGRESS ? 1 : failures + 1;
                retry.pause(failure, failures);
            }
        }
    }

    private void skip(BlobBody body, Position position, long to) {
        try {
            body.reply().body().skip(to - position.at);
            position.at = to;
        } catch (IOException e) {
            body.reply().abandon();
            throw route.broken(body, e);
        }
    }

    /// Copies up to `end`. What arrived before a failure is written before the failure is told.
    ///
    /// @return false when the piece was cut, so that the rest is somebody else's
    private boolean copy(BlobBody body, Position position, long end, ByteBuffer buffer) {
        BufferedSource source = body.reply().body();
        try {
            while (position.at < end) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), end - position.at));
                boolean whole;
                try {
                    fill(source, buffer);
                } finally {
                    whole = write(position, buffer.flip());
                }
                if (!whole) {
                    return false;
                }
            }
            if (end == body.end() && body.reply().length() < 0 && !source.exhausted()) {
                throw new ImageException(
                        ErrorKind.CORRUPT,
                        "blob " + descriptor.digest() + " goes on after " + end + " bytes; expected "
                                + descriptor.size() + " as the manifest says");
            }
            return true;
        } catch (IOException e) {
            body.reply().abandon();
            throw route.broken(body, e);
        } catch (RuntimeException e) {
            body.reply().abandon();
            throw e;
        }
    }

    private static void fill(BufferedSource source, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (source.read(buffer) < 0) {
                throw new EOFException("the body ended too soon");
            }
        }
    }

    /// @return whether all of it was this request's to write
    private boolean write(Position position, ByteBuffer bytes) {
        int arrived = bytes.remaining();
        int count = position.claim(arrived);
        if (count > 0) {
            into.write(position.at, bytes.limit(bytes.position() + count));
            position.at += count;
            position.written += count;
            received.accept(count);
        }
        return count == arrived;
    }

    /// One worker's place among the requests in flight, kept from piece to piece while nobody of an earlier rank waits:
    /// giving it back in between would let the layers above in, and this one would be complete only when they are.
    private final class Turn implements AutoCloseable {
        private final Runnable placed;
        private Permits.@Nullable Permit permit;
        private boolean told;

        Turn(Runnable placed) {
            this.placed = placed;
        }

        void take(long offset) {
            Permits.Permit held = permit;
            permit = null; // an exchange that fails has lost it
            permit = held == null ? permits.acquire(number, offset) : held.exchange(number, offset);
            tell();
        }

        private void tell() {
            if (!told) {
                told = true;
                placed.run();
            }
        }

        @Override
        public void close() {
            tell();
            Permits.Permit held = permit;
            permit = null;
            if (held != null) {
                held.close();
            }
        }
    }

    /// How far one answer has been copied.
    private static final class Position {
        private final @Nullable Piece piece;
        private long at;
        private long written;

        /// @param piece what the bytes must be claimed from; null when nobody else fetches them
        Position(long at, @Nullable Piece piece) {
            this.at = at;
            this.piece = piece;
        }

        int claim(int count) {
            return piece == null ? count : piece.claim(count, System.nanoTime());
        }
    }
}
