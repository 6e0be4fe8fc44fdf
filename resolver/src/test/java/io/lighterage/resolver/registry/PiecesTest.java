package io.lighterage.resolver.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Ingest.ByteRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PiecesTest {
    private static final long MIB = 1 << 20;

    @Test
    void smallBlobsAreNotCut() {
        assertThat(all(new Pieces(List.of(new ByteRange(0, 8 * MIB)), () -> MIB)))
                .containsExactly(new ByteRange(0, 8 * MIB));
    }

    @Test
    void piecesCoverEveryMissingByteOnceAndInOrder() {
        List<ByteRange> missing = List.of(new ByteRange(5, 9 * MIB), new ByteRange(20 * MIB, 1));
        Pieces pieces = new Pieces(missing, () -> 4 * MIB);
        assertThat(pieces.count()).isEqualTo(4);
        assertThat(all(pieces))
                .containsExactly(
                        new ByteRange(5, 4 * MIB),
                        new ByteRange(5 + 4 * MIB, 4 * MIB),
                        new ByteRange(5 + 8 * MIB, MIB),
                        new ByteRange(20 * MIB, 1));
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

    private static List<ByteRange> all(Pieces pieces) {
        List<ByteRange> all = new ArrayList<>();
        for (Optional<ByteRange> piece = pieces.next(); piece.isPresent(); piece = pieces.next()) {
            all.add(piece.get());
        }
        return all;
    }
}
