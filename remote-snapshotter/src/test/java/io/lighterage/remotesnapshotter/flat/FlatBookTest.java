package io.lighterage.remotesnapshotter.flat;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.remotesnapshotter.lazy.TreeContent;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.IndexedTar;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlatBookTest {
    private final IndexedTar one = IndexedTar.of(tarOf(file("a", "one")), 4096);
    private final IndexedTar two = IndexedTar.of(tarOf(file("b", "two")), 4096);

    @TempDir
    Path folder;

    private Path notes;

    @BeforeEach
    void place() {
        notes = folder.resolve("made/notes");
    }

    /// Has bytes that nobody reads here.
    private static final class Nothing implements TreeContent {
        @Override
        public boolean isHere(long flatOffset, long length) {
            return true;
        }

        @Override
        public void ensure(long flatOffset, long length) {}

        @Override
        public int read(long flatOffset, ByteBuffer target) {
            return 0;
        }
    }

    private static FlatNode add(FlatFiles files, IndexedTar layer) {
        return files.add(layer.index(), new Nothing());
    }

    private FlatFiles next() {
        FlatBook book = FlatBook.open(notes);
        return new FlatFiles(book, book.begin(false));
    }

    @Test
    void nodesOfAnEarlierProcessAreTheLayersOfTheirNumbers() {
        FlatFiles first = next();
        FlatNode a = add(first, one);
        FlatNode b = add(first, two);
        FlatNode again = add(first, two);
        assertThat(again.node()).isNotEqualTo(b.node());

        FlatFiles second = next();
        assertThat(second.at(a.node())).as("not served yet").isNull();
        FlatNode mine = add(second, two); // the other way round
        add(second, one);
        assertThat(Objects.requireNonNull(second.at(a.node())).index().layer())
                .isEqualTo(one.index().layer());
        assertThat(second.at(b.node())).isSameAs(mine);
        assertThat(second.at(again.node())).isSameAs(mine);
        assertThat(mine.node()).isNotIn(a.node(), b.node(), again.node());

        FlatFiles third = next();
        FlatNode last = add(third, two);
        assertThat(third.at(mine.node())).isSameAs(last);
        assertThat(third.at(b.node())).isSameAs(last);
        assertThat(third.at(a.node())).as("nobody has opened it").isNull();
        assertThat(third.remove(last)).isTrue();
        assertThat(third.at(b.node())).isNull();
    }

    @Test
    void whatAnEarlierProcessGaveNoNumberIsNothing() {
        FlatFiles first = next();
        FlatNode a = add(first, one);
        FlatFiles second = next();
        add(second, one);
        add(second, two);
        assertThat(second.at(FlatFiles.node(1, 0))).isNull();
        assertThat(second.at(FlatFiles.node(12345, 0))).isNull();
        assertThat(second.at(FlatFiles.node(-1, 0))).isNull();
        assertThat(second.at(a.node())).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "lighter flat files 2\nlayer 12",
                "lighter flat files 1\nlayer 12 0",
                "lighter flat files 1\nepoch x",
                "lighter flat files 1\nholder 1",
                "lighter flat files 1\nholder 99999999999999999999 1",
                "\0\0\0\0"
            })
    void aFileThatMakesNoSenseIsAsGoodAsNone(String text) throws IOException {
        Files.createDirectories(notes.getParent());
        Files.writeString(notes, text);
        FlatBook book = FlatBook.open(notes);
        assertThat(book.holder()).isEmpty();
        assertThat(book.layers()).isEmpty();
        assertThat(book.begin(true)).isEqualTo(1);
    }

    @Test
    void whoeverCannotWriteItHasNoSuccessor() throws IOException {
        Files.writeString(folder.resolve("made"), "a file in the place of the directory");
        FlatBook book = FlatBook.open(notes);
        assertThat(book.begin(true)).isEqualTo(1);
        assertThat(book.number(RawName.of("0".repeat(64)))).isZero();
        assertThat(book.hold(List.of(0))).isFalse();
        assertThat(book.holder()).isEmpty();
    }
}
