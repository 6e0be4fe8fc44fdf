package io.lighterage.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Digest;
import io.lighterage.remotesnapshotter.lazy.DemandListener;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndexBuilder;
import io.lighterage.stargz.tar.TarEntry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReadTraceTest {
    private static final Digest DIGEST = Digest.sha256(new byte[] {1});
    private static final int SIZE = 100_000;

    private final LayerIndex index = index();
    private final int one = index.lookup(LayerIndex.ROOT, RawName.of("one"));
    private final int two = index.lookup(LayerIndex.ROOT, RawName.of("two"));
    private final ReadTrace trace = new ReadTrace();

    private static LayerIndex index() {
        LayerIndexBuilder builder = new LayerIndexBuilder(DIGEST, Encoding.NONE);
        for (String name : List.of("one", "two")) {
            TarEntry entry = new TarEntry(
                    RawName.of(name),
                    TarEntry.Type.REGULAR,
                    RawName.EMPTY,
                    0644,
                    0,
                    0,
                    SIZE,
                    0,
                    0,
                    0,
                    0,
                    Map.of(),
                    List.of());
            builder.add(entry, List.of(new LayerIndexBuilder.Chunk(0, SIZE, 0, 0, 0, false, DIGEST)));
        }
        return LayerIndex.of(builder.image(), "test");
    }

    private List<String> reads() {
        return trace.reads().stream()
                .map(read -> read.path() + " "
                        + read.ranges().stream()
                                .map(range -> range.offset() + "+" + range.length())
                                .toList())
                .toList();
    }

    @Test
    void aByteCountsWhenItIsReadFirst() {
        trace.read(index, one, 1000, 1000);
        trace.read(index, one, 0, 3000);
        trace.read(index, one, 500, 2000);
        assertThat(reads()).containsExactly("one [1000+1000, 0+1000, 2000+1000]");
    }

    @Test
    void aFileThatIsReadAgainLaterHasASecondTurnForWhatIsNew() {
        trace.read(index, one, 0, 4096);
        trace.read(index, one, 4096, 4096);
        trace.read(index, two, 0, 10);
        trace.read(index, one, 4096, 8192);
        assertThat(reads()).containsExactly("one [0+8192]", "two [0+10]", "one [8192+4096]");
    }

    @Test
    void whatLiesBetweenManyKnownRangesIsNew() {
        for (long at = 0; at < 10; at += 2) {
            trace.read(index, one, at * 100, 100);
        }
        trace.read(index, two, 0, 1);
        trace.read(index, one, 0, 1000);
        assertThat(reads().getLast()).isEqualTo("one [100+100, 300+100, 500+100, 700+100, 900+100]");
    }

    @Test
    void chunksThatShareARangeOfTheBlobAreCountedOnce() {
        trace.demanded(new DemandListener.Chunk(DIGEST, RawName.of("one"), 0, 10, 100, 50));
        trace.demanded(new DemandListener.Chunk(DIGEST, RawName.of("two"), 0, 10, 100, 50));
        trace.demanded(new DemandListener.Chunk(DIGEST, RawName.of("two"), 10, 10, 150, 7));
        assertThat(trace.compressed()).isEqualTo(57);
    }
}
