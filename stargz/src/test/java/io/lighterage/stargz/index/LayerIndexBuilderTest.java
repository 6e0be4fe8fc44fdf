package io.lighterage.stargz.index;

import static io.lighterage.stargz.tar.Tars.blockDevice;
import static io.lighterage.stargz.tar.Tars.charDevice;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.fifo;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex.Kind;
import io.lighterage.stargz.tar.Tars;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayerIndexBuilderTest {
    private static final Digest LAYER = Digest.sha256(new byte[] {1});

    private static LayerIndex index(Tars.Item... items) {
        return IndexedTar.of(items).index();
    }

    private static String text(IndexedTar tar, String path) {
        LayerIndex index = tar.index();
        return new String(IndexedTar.content(index, tar.flat(), IndexedTar.find(index, path)), StandardCharsets.UTF_8);
    }

    /// All paths, directories before what is in them.
    private static List<String> paths(LayerIndex index) {
        List<String> paths = new ArrayList<>();
        collect(index, LayerIndex.ROOT, "", paths);
        return paths;
    }

    private static void collect(LayerIndex index, int directory, String before, List<String> paths) {
        for (int i = 0; i < index.childCount(directory); i++) {
            int child = index.childInode(directory, i);
            String mark = index.kind(child) == Kind.WHITEOUT ? "!" : "";
            paths.add(before + index.childName(directory, i) + mark);
            collect(index, child, before + index.childName(directory, i) + "/", paths);
        }
    }

    private static void assertInvalid(String part, Tars.Item... items) {
        assertThatThrownBy(() -> index(items))
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContaining(part);
    }

    @Test
    void everyKindOfEntryKeepsWhatItSays() {
        LayerIndex index = index(
                dir("./").mode(0700).owner(5, 6).time(-7, 8),
                dir("d").mode(01777).owner(4294967294L, 2),
                file("d/f", "hello").mode(04755).time(1700000000L, 999_999_999),
                file("d/empty", ""),
                symlink("d/s", "../f"),
                charDevice("c", 1, 3),
                blockDevice("b", 4095, 1048575),
                fifo("p"));
        assertThat(paths(index)).containsExactly("b", "c", "d", "d/empty", "d/f", "d/s", "p");
        assertThat(index.mode(0)).isEqualTo(0700);
        assertThat(index.uid(0)).isEqualTo(5);
        assertThat(index.gid(0)).isEqualTo(6);
        assertThat(index.modifySeconds(0)).isEqualTo(-7);
        assertThat(index.modifyNanos(0)).isEqualTo(8);
        assertThat(index.implied(0)).isFalse();
        assertThat(index.linkCount(0)).isEqualTo(3);
        int d = IndexedTar.find(index, "d");
        assertThat(index.mode(d)).isEqualTo(01777);
        assertThat(index.uid(d)).isEqualTo(4294967294L);
        assertThat(index.linkCount(d)).isEqualTo(2);
        int f = IndexedTar.find(index, "d/f");
        assertThat(index.kind(f)).isEqualTo(Kind.REGULAR);
        assertThat(index.mode(f)).isEqualTo(04755);
        assertThat(index.size(f)).isEqualTo(5);
        assertThat(index.modifyNanos(f)).isEqualTo(999_999_999);
        assertThat(index.parent(f)).isEqualTo(d);
        assertThat(index.path(f)).isEqualTo(RawName.of("d/f"));
        assertThat(index.size(IndexedTar.find(index, "d/empty"))).isZero();
        int s = IndexedTar.find(index, "d/s");
        assertThat(index.target(s)).isEqualTo(RawName.of("../f"));
        assertThat(index.size(s)).isEqualTo(4);
        int b = IndexedTar.find(index, "b");
        assertThat(index.kind(b)).isEqualTo(Kind.BLOCK_DEVICE);
        assertThat(index.deviceMajor(b)).isEqualTo(4095);
        assertThat(index.deviceMinor(b)).isEqualTo(1048575);
        assertThat(index.kind(IndexedTar.find(index, "c"))).isEqualTo(Kind.CHARACTER_DEVICE);
        assertThat(index.kind(IndexedTar.find(index, "p"))).isEqualTo(Kind.FIFO);
        assertThat(index.hasXattrs()).isFalse();
    }

    @Test
    void aMissingRootAndMissingParentsAreMadeAndSaySo() {
        LayerIndex index = index(file("a/b/c", "x").time(42, 7));
        for (String path : List.of("a", "a/b")) {
            int made = IndexedTar.find(index, path);
            assertThat(index.kind(made)).isEqualTo(Kind.DIRECTORY);
            assertThat(index.mode(made)).isEqualTo(0755);
            assertThat(index.modifySeconds(made)).isEqualTo(42);
            assertThat(index.implied(made)).isTrue();
            assertThat(index.marksOnly(made)).isFalse();
        }
        assertThat(index.mode(0)).isEqualTo(0755);
        assertThat(index.implied(0)).isTrue();
    }

    @Test
    void theLastEntryOfAPathWinsWithItsContent() {
        IndexedTar tar = IndexedTar.of(
                file("./a", "old").mode(0600),
                file("b", "y"),
                file("/a", "newer").mode(0644),
                file("x/../b", "z"));
        LayerIndex index = tar.index();
        assertThat(paths(index)).containsExactly("a", "b");
        assertThat(text(tar, "a")).isEqualTo("newer");
        assertThat(text(tar, "b")).isEqualTo("z");
        assertThat(index.mode(IndexedTar.find(index, "a"))).isEqualTo(0644);
        assertThat(index.chunkCount()).isEqualTo(2);
    }

    @Test
    void aDirectoryOverADirectoryKeepsItsContentAndAFileTakesItAway() {
        LayerIndex kept = index(dir("d").mode(0700), file("d/a", "x"), dir("d").mode(0711));
        assertThat(paths(kept)).containsExactly("d", "d/a");
        assertThat(kept.mode(IndexedTar.find(kept, "d"))).isEqualTo(0711);
        assertThat(kept.opaque(IndexedTar.find(kept, "d"))).isFalse();

        LayerIndex gone = index(dir("d"), dir("d/e"), file("d/e/a", "x"), file("d", "y"));
        assertThat(paths(gone)).containsExactly("d");
        assertThat(gone.chunkCount()).isEqualTo(1);

        LayerIndex again = index(dir("d"), file("d/a", "x"), file("d", "y"), dir("d"));
        assertThat(paths(again)).containsExactly("d");
        assertThat(again.childCount(IndexedTar.find(again, "d"))).isZero();
        assertThat(again.opaque(IndexedTar.find(again, "d"))).isTrue();
    }

    @Test
    void dotsCannotLeaveTheRoot() {
        assertThat(paths(index(file("../../a", "x"), file("b/../../c", "y"), file("/./d//e", "z"))))
                .containsExactly("a", "c", "d", "d/e");
    }

    @Test
    void symlinksOfTheLayerAreFollowedToAParent() {
        LayerIndex index = index(
                dir("usr"),
                symlink("lib", "usr/lib"),
                file("lib/a", "x"),
                symlink("usr/abs", "/usr/../etc"),
                file("lib/../usr/abs/b", "y"));
        assertThat(paths(index)).containsExactly("etc", "etc/b", "lib", "usr", "usr/abs", "usr/lib", "usr/lib/a");
        assertInvalid("symlinks", symlink("a", "b"), symlink("b", "a"), file("a/c", "x"));
        assertInvalid("'f', which is none", file("f", "x"), file("f/g", "y"));
    }

    @Test
    void hardLinksShareOneInode() {
        IndexedTar tar = IndexedTar.of(
                file("a", "first"),
                hardlink("d/b", "./a"),
                hardlink("c", "d/b"),
                hardlink("c", "a"),
                file("a", "second"));
        LayerIndex index = tar.index();
        assertThat(IndexedTar.find(index, "d/b")).isEqualTo(IndexedTar.find(index, "c"));
        assertThat(index.linkCount(IndexedTar.find(index, "c"))).isEqualTo(2);
        assertThat(index.linkCount(IndexedTar.find(index, "a"))).isEqualTo(1);
        assertThat(text(tar, "c")).isEqualTo("first");
        assertThat(text(tar, "a")).isEqualTo("second");
        assertThat(index.path(IndexedTar.find(index, "c"))).isIn(RawName.of("c"), RawName.of("d/b"));
    }

    @Test
    void hardLinksBeforeTheirTargetAreResolvedAtTheEnd() {
        LayerIndex index =
                index(hardlink("a", "b"), hardlink("b", "c"), hardlink("s2", "s"), file("c", "x"), symlink("s", "c"));
        assertThat(index.linkCount(IndexedTar.find(index, "a"))).isEqualTo(3);
        assertThat(index.kind(IndexedTar.find(index, "a"))).isEqualTo(Kind.REGULAR);
        assertThat(index.kind(IndexedTar.find(index, "s2"))).isEqualTo(Kind.SYMLINK);
        // one that was replaced need not lead anywhere
        assertThat(paths(index(hardlink("a", "gone"), file("a", "x")))).containsExactly("a");
    }

    @Test
    void hardLinksThatCannotBeAreRefusedByName() {
        assertInvalid("circle", hardlink("a", "b"), hardlink("b", "c"), hardlink("c", "a"));
        assertInvalid("circle", hardlink("a", "a"));
        assertInvalid("directory", dir("d"), hardlink("a", "d"));
        assertInvalid("directory", hardlink("a", "d"), dir("d"));
        assertInvalid("directory", hardlink("a", "/"));
    }

    @Test
    void hardLinksToWhatTheLayerDoesNotHaveAreOfTheLayersBelow() {
        LayerIndex index = index(hardlink("a", "./d//b"), hardlink("a2", "a"), file("c", "x"), hardlink("c2", "c"));
        int link = IndexedTar.find(index, "a");
        assertThat(index.kind(link)).isEqualTo(Kind.LINK_BELOW);
        assertThat(index.target(link)).hasToString("d/b");
        assertThat(index.linkCount(link)).isEqualTo(2);
        assertThat(IndexedTar.find(index, "a2")).isEqualTo(link);
        assertThat(index.hasLinksBelow()).isTrue();
        assertThat(index(file("c", "x"), hardlink("c2", "c")).hasLinksBelow()).isFalse();
        assertThat(index(whiteout("w"), hardlink("a", ".wh.w")).hasLinksBelow()).isTrue();
    }

    @Test
    void aLongChainOfHardLinksIsNoMatter() {
        Tars.Item[] items = new Tars.Item[20_001];
        for (int i = 0; i < 20_000; i++) {
            items[i] = hardlink("l" + i, "l" + (i + 1));
        }
        items[20_000] = file("l20000", "x");
        LayerIndex index = index(items);
        assertThat(index.inodeCount()).isEqualTo(2);
        assertThat(index.linkCount(1)).isEqualTo(20_001);
    }

    @Test
    void whiteoutsAndOpaqueDirectoriesAreMarks() {
        LayerIndex index = index(dir("d"), whiteout("d/a"), opaque("d"), whiteout("gone"), file(".wh..wh.plnk/x", "y"));
        assertThat(paths(index)).containsExactly("d", "d/a!", "gone!");
        assertThat(index.opaque(IndexedTar.find(index, "d"))).isTrue();
        assertThat(index.chunkCount()).isZero();
    }

    @Test
    void aWhiteoutBesideARealEntryGoesAndADirectoryThereIsOpaque() {
        LayerIndex index = index(
                whiteout("before"),
                file("before", "x"),
                file("after", "y"),
                whiteout("after"),
                whiteout("d"),
                file("d/a", "z"),
                dir("e"),
                whiteout("e"));
        assertThat(paths(index)).containsExactly("after", "before", "d", "d/a", "e");
        assertThat(index.opaque(IndexedTar.find(index, "d"))).isTrue();
        assertThat(index.opaque(IndexedTar.find(index, "e"))).isTrue();
        // a later file takes the place of a removed one: the whiteout of the name stays away
        assertThat(paths(index(file("a", "x"), whiteout("a"), dir("a"), file("a", "y"))))
                .containsExactly("a");
    }

    @Test
    void aDirectoryThatOnlyHoldsMarksSaysSoAndGivesWayToAWhiteout() {
        LayerIndex index = index(whiteout("d/e/a"), opaque("o/p"));
        assertThat(index.marksOnly(IndexedTar.find(index, "d"))).isTrue();
        assertThat(index.marksOnly(IndexedTar.find(index, "d/e"))).isTrue();
        assertThat(index.marksOnly(IndexedTar.find(index, "o/p"))).isTrue();
        assertThat(index.marksOnly(0)).isFalse();
        assertThat(paths(index(whiteout("d/e/a"), whiteout("d")))).containsExactly("d!");
        assertThat(paths(index(whiteout("d"), whiteout("d/e/a")))).containsExactly("d!");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".wh.", "d/.wh..", ".wh...", ".wh.x/y"})
    void namesThatCannotBeAreRefused(String name) {
        assertInvalid(name, file("x", "").name(name.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aNameThatHoldsNulIsRefused() {
        LayerIndexBuilder builder = new LayerIndexBuilder(LAYER, Encoding.NONE);
        assertThatThrownBy(() ->
                        builder.add(file("x", "").name(new byte[] {'a', 0, 'b'}).entry(), List.of()))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("'a\\x00b'")
                .hasMessageContaining("NUL");
    }

    @Test
    void namesAndPathsThatAreTooLongAreRefused() {
        assertThat(index(file("n".repeat(255), "x")).childCount(0)).isEqualTo(1);
        assertInvalid("256 bytes", file("n".repeat(256), "x"));
        assertInvalid("expected 1 to 4095", file("n/".repeat(2048) + "n", "x"));
        assertInvalid("4096 bytes", symlink("s", "t".repeat(4096)));
    }

    @Test
    void theRootCanOnlyBeADirectory() {
        assertInvalid("root", file("./", "x").name(new byte[] {'.'}));
        assertInvalid("root", symlink("/", "x"));
    }

    @Test
    void namesNeedNotBeText() {
        byte[] name = {(byte) 0xff, (byte) 0xfe, '\n'};
        LayerIndex index = index(file("zz", "a"), file("x", "b").name(name));
        assertThat(index.childName(0, 0)).isEqualTo(RawName.of("zz"));
        assertThat(index.childName(0, 1)).isEqualTo(RawName.of(name));
        assertThat(index.lookup(0, RawName.of(name))).isEqualTo(2);
    }

    @Test
    void whatOnlyDescribesTheBlobIsLeftOut() {
        LayerIndex index = index(
                file(".no.prefetch.landmark", "\17"),
                file("./.prefetch.landmark", "\17"),
                file("stargz.index.json", "{}"),
                file("d/stargz.index.json", "{}"));
        assertThat(paths(index)).containsExactly("d", "d/stargz.index.json");
        assertThat(index.chunkCount()).isEqualTo(1);
    }

    @Test
    void attributesAreKeptAndSharedByThoseWithTheSame() {
        byte[] label = new byte[1000];
        Tars.Item[] items = new Tars.Item[1000];
        for (int i = 0; i < items.length; i++) {
            items[i] = file("f" + i, "x").xattr("security.selinux", label).xattr("user.a", "");
        }
        IndexedTar tar = IndexedTar.of(items);
        LayerIndex index = tar.index();
        assertThat(index.hasXattrs()).isTrue();
        assertThat(index.xattrs(IndexedTar.find(index, "f7")))
                .isEqualTo(
                        Map.of(RawName.of("security.selinux"), RawName.of(label), RawName.of("user.a"), RawName.EMPTY));
        assertThat(tar.builder().image().remaining()).isLessThan(150_000);
    }
}
