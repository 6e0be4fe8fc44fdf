package io.lighterage.stargz.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChunkCutsTest {
    private static final int CHUNK = 4 << 20;

    @Test
    void aFileOfWhichNothingIsKnownIsCutEvenly() {
        assertThat(cut(ChunkCuts.plain(CHUNK), 9 << 20)).containsExactly("0", "4194304", "8388608");
    }

    @Test
    void aFileThatIsReadWholeIsReadInEveryPart() {
        assertThat(cut(ChunkCuts.of(CHUNK, List.of(range(0, Long.MAX_VALUE))), (2 << 20) + 5))
                .containsExactly("0 read", "1048576 read", "2097152 read");
    }

    @Test
    void cutsAreWhereReadsBeginAndEndInWholePages() {
        assertThat(cut(ChunkCuts.of(CHUNK, List.of(range(300_000, 5_000))), 600_000))
                .containsExactly("0", "299008 read", "307200");
    }

    @Test
    void readsWithLittleBetweenThemAreOne() {
        List<ChunkCuts.Read> reads = List.of(range(100 << 10, 4096), range(40 << 10, 4096), range(70 << 10, 100));
        assertThat(cut(ChunkCuts.of(CHUNK, reads), 1 << 20)).containsExactly("0", "40960 read", "106496", "630784");
    }

    @Test
    void smallRestsAtBothEndsGoWithTheRead() {
        assertThat(cut(ChunkCuts.of(CHUNK, List.of(range(8192, 4096))), 30_000)).containsExactly("0 read");
    }

    @Test
    void rangesBehindTheEndAndEmptyOnesDoNoHarm() {
        List<ChunkCuts.Read> reads = List.of(range(1 << 30, 4096), range(10, 0), range(0, 1L << 60));
        assertThat(cut(ChunkCuts.of(CHUNK, reads), 5000)).containsExactly("0 read");
        assertThat(cut(ChunkCuts.of(CHUNK, List.of(range(1 << 30, 4096))), 5000))
                .containsExactly("0");
    }

    @Test
    void chunksTileAnyFileAndHoldEveryReadByte() {
        Random random = new Random(11);
        for (int round = 0; round < 2000; round++) {
            long size = 1L + random.nextInt(3 << 20);
            int chunk = 4096 << random.nextInt(10);
            List<ChunkCuts.Read> reads = new ArrayList<>();
            for (int i = random.nextInt(8); i >= 0; i--) {
                reads.add(range(random.nextInt(3 << 20), random.nextInt(200_000)));
            }
            ChunkCuts cuts = ChunkCuts.of(chunk, reads);
            boolean[] read = new boolean[(int) size];
            long at = 0;
            while (at < size) {
                int length = cuts.lengthAt(at, size);
                assertThat(length).isBetween(1, chunk);
                for (int i = 0; i < length && cuts.rankAt(at, length) > 0; i++) {
                    read[(int) at + i] = true;
                }
                at += length;
            }
            assertThat(at).isEqualTo(size);
            for (ChunkCuts.Read read1 : reads) {
                for (long i = read1.from(); i < Math.min(size, read1.to()); i++) {
                    if (!read[(int) i]) {
                        throw new AssertionError("round " + round + ": byte " + i + " is read and not in a read chunk");
                    }
                }
            }
        }
    }

    private static ChunkCuts.Read range(long offset, long length) {
        return new ChunkCuts.Read(offset, offset + length, 1);
    }

    @Test
    void aChunksTurnIsThatOfTheFirstReadOfIt() {
        ChunkCuts cuts = ChunkCuts.of(
                CHUNK,
                List.of(
                        new ChunkCuts.Read(2 << 20, (2 << 20) + 8192, 3),
                        new ChunkCuts.Read(0, 1 << 20, 7),
                        new ChunkCuts.Read((2 << 20) + 4096, (2 << 20) + 16384, 2)));
        assertThat(cuts.rankAt(0, 1 << 20)).isEqualTo(7);
        assertThat(cuts.rankAt(1 << 20, 4096)).isZero();
        assertThat(cuts.rankAt(2 << 20, 16384)).isEqualTo(2);
    }

    private static List<String> cut(ChunkCuts cuts, long size) {
        List<String> chunks = new ArrayList<>();
        for (long at = 0; at < size; at += cuts.lengthAt(at, size)) {
            chunks.add(at + (cuts.rankAt(at, 1) > 0 ? " read" : ""));
        }
        return chunks;
    }
}
