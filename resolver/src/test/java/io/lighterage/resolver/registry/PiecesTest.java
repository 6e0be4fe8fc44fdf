package io.lighterage.resolver.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Ingest.ByteRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.Test;

class PiecesTest {
    private static final long MIB = 1 << 20;

    @Test
    void smallBlobsAreNotCut() {
        assertThat(all(new Pieces(List.of(new ByteRange(0, 8 * MIB)), () -> MIB, 4, () -> 0)))
                .containsExactly(new ByteRange(0, 8 * MIB));
    }

    @Test
    void piecesCoverEveryMissingByteOnceAndInOrder() {
        List<ByteRange> missing = List.of(new ByteRange(5, 9 * MIB), new ByteRange(20 * MIB, 1));
        Pieces pieces = new Pieces(missing, () -> 4 * MIB, 1, () -> 0);
        assertThat(pieces.count()).isEqualTo(4);
        List<ByteRange> all = all(pieces);
        assertThat(all.getFirst()).isEqualTo(new ByteRange(5, 4 * MIB));
        assertThat(all.getLast()).isEqualTo(new ByteRange(20 * MIB, 1));
        assertThat(all.subList(0, all.size() - 1)).isEqualTo(contiguous(all, 5));
        assertThat(all.stream().mapToLong(ByteRange::length).sum()).isEqualTo(9 * MIB + 1);
    }

    @Test
    void piecesShrinkTowardsTheEndSoThatUnequalConnectionsEndTogether() {
        List<ByteRange> pieces = all(new Pieces(List.of(new ByteRange(0, 40 * MIB)), () -> 4 * MIB, 4, () -> 0));
        assertThat(pieces.getFirst().length()).isEqualTo(4 * MIB);
        assertThat(pieces).isSortedAccordingTo((a, b) -> Long.compare(b.length(), a.length()));
        assertThat(pieces.subList(pieces.size() - 8, pieces.size()))
                .allSatisfy(piece -> assertThat(piece.length()).isLessThanOrEqualTo(MIB));
        assertThat(contiguous(pieces, 0)).isEqualTo(pieces);
        assertThat(pieces.getLast().end()).isEqualTo(40 * MIB);
    }

    @Test
    void requestsGrowOnAFastLinkAndShrinkOnASlowOneWithinLimits() {
        RangeSupport support = new RangeSupport();
        assertThat(support.pieceSize()).isEqualTo(4 * MIB);
        support.noteSpeed(4 * MIB, Duration.ofMillis(200));
        assertThat(support.pieceSize()).isEqualTo(10 * MIB);
        support.noteSpeed(4 * MIB, Duration.ofMillis(1));
        assertThat(support.pieceSize()).isEqualTo(32 * MIB);
        support.noteSpeed(4 * MIB, Duration.ofSeconds(20));
        assertThat(support.pieceSize()).isEqualTo(2 * MIB);
        support.noteSpeed(100, Duration.ofNanos(1));
        support.noteSpeed(4 * MIB, Duration.ZERO);
        assertThat(support.pieceSize()).as("too little to learn from").isEqualTo(2 * MIB);
    }

    @Test
    void whatAStragglerOwesIsGivenToTheNextThatAsks() {
        long[] now = {0};
        Pieces pieces = new Pieces(List.of(new ByteRange(0, 40 * MIB)), () -> 4 * MIB, 4, () -> now[0]);
        Piece slow = open(pieces, now[0]);
        for (int i = 0; i < 3; i++) {
            Piece fast = open(pieces, now[0]);
            now[0] += 100_000_000;
            int whole = (int) fast.rest().length();
            assertThat(fast.claim(whole, now[0])).isEqualTo(whole);
            pieces.finish(fast);
        }
        assertThat(slow.claim(1000, now[0])).isEqualTo(1000);
        Piece thief = pieces.next().orElseThrow();
        assertThat(thief.rest()).isEqualTo(new ByteRange(1000, 4 * MIB - 1000));
        assertThat(slow.isComplete()).isTrue();
        assertThat(slow.claim(1000, now[0])).as("nothing is written twice").isZero();
    }

    @Test
    void streamsOfAboutTheSameSpeedAreLeftAlone() {
        long[] now = {0};
        Pieces pieces = new Pieces(List.of(new ByteRange(0, 40 * MIB)), () -> 4 * MIB, 4, () -> now[0]);
        Piece slower = open(pieces, now[0]);
        for (int i = 0; i < 2; i++) {
            Piece fast = open(pieces, now[0]);
            now[0] += 140_000_000;
            int whole = (int) fast.rest().length();
            assertThat(fast.claim(whole, now[0])).isEqualTo(whole);
            assertThat(slower.claim(3 << 19, now[0]))
                    .as("less than half of that")
                    .isEqualTo(3 << 19);
            pieces.finish(fast);
        }
        assertThat(pieces.next().orElseThrow().offset()).isGreaterThan(4 * MIB);
        assertThat(slower.isComplete()).isFalse();
    }

    /// The ranges that follow each other without a gap from `start`.
    private static List<ByteRange> contiguous(List<ByteRange> ranges, long start) {
        List<ByteRange> found = new ArrayList<>();
        long end = start;
        for (ByteRange range : ranges) {
            if (range.offset() == end) {
                found.add(range);
                end = range.end();
            }
        }
        return found;
    }

    private static Piece open(Pieces pieces, long now) {
        Piece piece = pieces.next().orElseThrow();
        Request request = new Request.Builder().url("http://localhost/").build();
        Response response = new Response.Builder()
                .request(request)
                .protocol(Protocol.HTTP_1_1)
                .code(206)
                .message("")
                .build();
        piece.from(new Reply(new OkHttpClient().newCall(request), response), now);
        return piece;
    }

    private static List<ByteRange> all(Pieces pieces) {
        List<ByteRange> all = new ArrayList<>();
        for (Optional<Piece> piece = pieces.next(); piece.isPresent(); piece = pieces.next()) {
            all.add(piece.get().rest());
            pieces.finish(piece.get());
        }
        return all;
    }
}
