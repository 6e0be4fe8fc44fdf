package io.lighterage.contentstore.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Ingest.ByteRange;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

final class RangeSetTest {
    @Test
    void behavesAsASetOfBytes() {
        long seed = ThreadLocalRandom.current().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            RangeSet ranges = new RangeSet();
            BitSet model = new BitSet();
            for (int step = 0; step < 60; step++) {
                int start = random.nextInt(120);
                int end = start + random.nextInt(20);
                if (random.nextInt(3) > 0) {
                    ranges.add(start, end);
                    model.set(start, end);
                } else {
                    ranges.remove(start, end);
                    model.clear(start, end);
                }
                check(ranges, model, "seed " + seed + " round " + round + " step " + step);
            }
        }
    }

    private static void check(RangeSet ranges, BitSet model, String where) {
        assertThat(ranges.total()).as(where).isEqualTo(model.cardinality());
        assertThat(ranges.isEmpty()).as(where).isEqualTo(model.isEmpty());
        BitSet missing = new BitSet();
        for (ByteRange gap : ranges.gaps(140)) {
            assertThat(gap.length()).as(where).isPositive();
            missing.set((int) gap.offset(), (int) gap.end());
        }
        BitSet expected = (BitSet) model.clone();
        expected.flip(0, 140);
        assertThat(missing).as(where).isEqualTo(expected);
        for (int at = 0; at < 140; at++) {
            assertThat(ranges.runEnd(at)).as(where).isEqualTo(model.get(at) ? model.nextClearBit(at) : at);
            int set = model.nextSetBit(at);
            assertThat(ranges.overlaps(at, at + 3)).as(where).isEqualTo(set >= 0 && set < at + 3);
            if (!model.get(at)) {
                assertThat(ranges.firstStart(at, 140)).as(where).isEqualTo(set >= 0 ? set : 140);
            }
        }
    }
}
