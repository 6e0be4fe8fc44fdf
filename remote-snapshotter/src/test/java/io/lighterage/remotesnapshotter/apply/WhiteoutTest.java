package io.lighterage.remotesnapshotter.apply;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whiteouts in merged form.
class WhiteoutTest {
    @TempDir
    Path scratch;

    private Unpacking unpacking;

    @BeforeEach
    void begin() throws IOException {
        Unpacking.assumeRoot();
        unpacking = new Unpacking(scratch);
    }

    private List<String> afterwards(byte[]... layers) throws IOException {
        unpacking.merged(layers);
        return unpacking.listing().paths();
    }

    @Test
    void removesFilesAndTreesOfLowerLayers() throws IOException {
        byte[] base = tarOf(file("f", "x"), dir("d"), dir("d/e"), file("d/e/f", "x"), symlink("s", "d"), file("k", ""));
        assertThat(afterwards(base, tarOf(whiteout("f"), whiteout("d"), whiteout("s"))))
                .containsExactly("k");
    }

    @Test
    void leavesWhatTheSameLayerBroughtBeforeOrAfter() throws IOException {
        byte[] base = tarOf(file("a", "low"), file("b", "low"), file("c", "low"));
        byte[] layer = tarOf(file("a", "new"), whiteout("a"), whiteout("b"), file("b", "new"), whiteout("c"));
        assertThat(afterwards(base, layer)).containsExactly("a", "b");
    }

    @Test
    void leavesASiblingOfTheSameLayer() throws IOException {
        assertThat(afterwards(tarOf(dir("d"), file("d/low", "")), tarOf(file("d/new", ""), whiteout("d/low"))))
                .containsExactly("d", "d/new");
    }

    @Test
    void ofADirectoryTheSameLayerHasHidesItsLowerContent() throws IOException {
        byte[] base = tarOf(dir("d"), file("d/low", ""), dir("d/s"), file("d/s/low", ""));
        byte[] layer = tarOf(dir("d"), file("d/new", ""), dir("d/s"), file("d/s/new", ""), whiteout("d"));
        assertThat(afterwards(base, layer)).containsExactly("d", "d/new", "d/s", "d/s/new");
    }

    @Test
    void opaqueHidesLowerContentWhereverItStands() throws IOException {
        byte[] base = tarOf(dir("d"), file("d/low", ""), dir("d/s"), file("d/s/low", ""), dir("d/gone"));
        assertThat(afterwards(base, tarOf(opaque("d"), dir("d"), file("d/new", ""), file("d/s/new", ""))))
                .containsExactly("d", "d/new", "d/s", "d/s/new");
        assertThat(afterwards(base, tarOf(dir("d"), file("d/two", ""), file("d/s/two", ""), opaque("d"))))
                .containsExactly("d", "d/s", "d/s/two", "d/two");
        assertThat(afterwards(base, tarOf(file("d/x", ""), opaque("d"), file("d/y", ""))))
                .containsExactly("d", "d/x", "d/y");
    }

    @Test
    void opaqueRootHidesEverythingBelow() throws IOException {
        assertThat(afterwards(tarOf(dir("d"), file("d/low", "")), tarOf(file("new", ""), opaque("."))))
                .containsExactly("new");
    }

    @Test
    void hidingNothingIsFineAndMakesNoDirectory() throws IOException {
        assertThat(afterwards(tarOf(whiteout("x"), whiteout("no/such/dir/x"), opaque("none"))))
                .isEmpty();
    }

    @Test
    void hiddenAndThenUsedAgain() throws IOException {
        byte[] base = tarOf(dir("d"), dir("d/e"), file("d/e/low", ""));
        assertThat(afterwards(base, tarOf(whiteout("d"), file("d/e/new", "")))).containsExactly("d", "d/e", "d/e/new");
    }

    @Test
    void worksThroughSymlinkedDirectories() throws IOException {
        byte[] base = tarOf(dir("usr"), dir("usr/lib"), file("usr/lib/x", ""), symlink("lib", "usr/lib"));
        assertThat(afterwards(base, tarOf(whiteout("lib/x"), file("lib/y", ""))))
                .containsExactly("lib", "usr", "usr/lib", "usr/lib/y");
        assertThat(afterwards(tarOf(file("lib/z", ""), whiteout("usr/lib/z")))).contains("usr/lib/z");
    }

    @Test
    void bookkeepingOfAufsIsIgnored() throws IOException {
        byte[] layer = tarOf(dir(".wh..wh.plnk"), file(".wh..wh.plnk/12.34", "x"), file("d/.wh..wh.aufs", ""));
        assertThat(afterwards(tarOf(dir("d")), layer)).containsExactly("d");
    }

    @Test
    void aThousandNamesOfOneDirectoryAreKeptApart() throws IOException {
        io.lighterage.stargz.tar.Tars.Item[] low = new io.lighterage.stargz.tar.Tars.Item[1000];
        io.lighterage.stargz.tar.Tars.Item[] high = new io.lighterage.stargz.tar.Tars.Item[1000];
        for (int i = 0; i < 1000; i++) {
            low[i] = file("d/f" + i, "");
            high[i] = i % 2 == 0 ? file("d/f" + i, "new") : whiteout("d/f" + (i % 3 == 0 ? i : i - 1));
        }
        List<String> left = afterwards(tarOf(low), tarOf(high));
        for (int i = 0; i < 1000; i++) {
            boolean hidden = i % 2 == 1 && i % 3 == 0;
            assertThat(left.contains("d/f" + i)).as("f" + i).isEqualTo(!hidden);
        }
    }
}
