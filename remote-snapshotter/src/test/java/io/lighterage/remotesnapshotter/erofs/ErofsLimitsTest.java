package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Flags;
import io.lighterage.remotesnapshotter.erofs.ErofsInode.Extent;
import io.lighterage.stargz.RawName;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// What EROFS cannot hold is refused, by name, before a byte is written.
class ErofsLimitsTest {
    private static void refuses(ErrorKind kind, ErofsTree tree, String... words) {
        refuses(kind, () -> ErofsPlan.of(tree), words);
    }

    private static void refuses(ErrorKind kind, ThrowingCallable call, String... words) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind))
                .message()
                .contains(words);
    }

    private static Map<RawName, RawName> attribute(String name, int length) {
        return Map.of(RawName.of(name), RawName.of(new byte[length]));
    }

    @Test
    void aLinkToALowerLayerIsRefusedByName() {
        byte[] tar = tarOf(file("d/f", "x"), hardlink("d/more", "only/below"));
        refuses(
                ErrorKind.UNSUPPORTED,
                () -> new LayerErofsTree(Images.index(tar)),
                "'d/more' is a hard link to 'only/below' of a lower layer");
    }

    @Test
    void attributesBeyondTheLimitsAreRefusedAndThoseAtThemAreNot() {
        assertThat(ErofsPlan.of(new PlainTree(1).xattrs(attribute("user.a", 65_535)))
                        .count())
                .isEqualTo(2);
        refuses(ErrorKind.UNSUPPORTED, new PlainTree(1).xattrs(attribute("user.a", 65_536)), "'00000001'", "65536");
        refuses(ErrorKind.UNSUPPORTED, new PlainTree(1).xattrs(attribute("strange.a", 1)), "'strange.a'");
        refuses(ErrorKind.UNSUPPORTED, new PlainTree(1).xattrs(attribute("user.", 1)), "'user.'");
        String long255 = "n".repeat(255);
        assertThat(ErofsPlan.of(new PlainTree(1).xattrs(attribute("user." + long255, 1)))
                        .count())
                .isEqualTo(2);
        refuses(ErrorKind.UNSUPPORTED, new PlainTree(1).xattrs(attribute("user.n" + long255, 1)), "names of 255");
    }

    @Test
    void attributesThatAreTooMuchTogetherAreRefused() {
        Map<RawName, RawName> four = new HashMap<>();
        for (int i = 0; i < 4; i++) {
            four.put(RawName.of("user." + i), RawName.of(new byte[i == 0 ? 65_511 : 65_535]));
        }
        // 12 and four of 4 + 1 + length, each to a multiple of 4: the 262,148 that 16 bits can say
        assertThat(XattrArea.size(four, () -> RawName.EMPTY)).isEqualTo(262_148);
        assertThat(XattrArea.count(262_148)).isEqualTo(0xffff);
        four.put(RawName.of("user.0"), RawName.of(new byte[65_512]));
        refuses(ErrorKind.UNSUPPORTED, new PlainTree(1).xattrs(four), "262152 bytes together; EROFS holds 262148");
    }

    @Test
    void namesThatNoFileCanHaveAreRefused() {
        assertThat(ErofsPlan.of(new PlainTree(1, _ -> RawName.of("n".repeat(255))))
                        .count())
                .isEqualTo(2);
        for (String name : new String[] {"n".repeat(256), "", ".", "..", "a/b", "a\0b"}) {
            refuses(ErrorKind.INVALID, new PlainTree(1, _ -> RawName.of(name)), "which no file can have");
        }
    }

    @Test
    void namesOutOfOrderAndTwiceAreRefused() {
        refuses(ErrorKind.INVALID, new PlainTree(2, number -> RawName.of(number == 1 ? "b" : "a")), "'a' behind 'b'");
        refuses(ErrorKind.INVALID, new PlainTree(2, _ -> RawName.of("a")), "'a' behind 'a'");
    }

    @Test
    void moreBlocksThanNumbersAreRefused() {
        long most = 0xfffffffeL;
        assertThat(ErofsPlan.of(new PlainTree(1).devices(most, most)).count()).isEqualTo(2);
        refuses(ErrorKind.UNSUPPORTED, () -> new ErofsDevice("d", most + 1), "4294967295 blocks");
        refuses(ErrorKind.UNSUPPORTED, () -> new ErofsDevice("d", 0), "d has 0 blocks");
    }

    @Test
    void moreDevicesThanTheHeaderHoldsAreRefused() {
        long[] blocks = new long[513];
        Arrays.fill(blocks, 1);
        refuses(ErrorKind.UNSUPPORTED, new PlainTree(1).devices(blocks), "513 devices; at most 512");
    }

    @Test
    void aFileBeyondItsDeviceIsRefused() {
        PlainTree tree = new PlainTree(1).devices(2);
        assertThat(ErofsPlan.of(tree.inodes(_ -> PlainTree.file(new Extent(0, 4096), 4096)))
                        .count())
                .isEqualTo(2);
        refuses(
                ErrorKind.INVALID,
                tree.inodes(_ -> PlainTree.file(new Extent(0, 4096), 4097)),
                "'00000001' has 4097 bytes at 4096 of device 0, which has 8192");
        refuses(
                ErrorKind.INVALID,
                tree.inodes(_ -> PlainTree.file(new Extent(0, 4096), Long.MAX_VALUE)),
                "of device 0, which has 8192");
        refuses(ErrorKind.INVALID, tree.inodes(_ -> PlainTree.file(new Extent(1, 0), 1)), "of device 1, which has 0");
        refuses(ErrorKind.INVALID, () -> new Extent(0, 100), "begins at 100");
    }

    @Test
    void aFileOfMoreThanEightTebibytesIsRefused() {
        long most = 8L << 40;
        PlainTree tree = new PlainTree(1).devices(0xfffffffeL);
        assertThat(ErofsPlan.of(tree.inodes(_ -> PlainTree.file(new Extent(0, 4096), most)))
                        .count())
                .isEqualTo(2);
        refuses(
                ErrorKind.UNSUPPORTED,
                tree.inodes(_ -> PlainTree.file(new Extent(0, 4096), most + 1)),
                "'00000001' has 8796093022209 bytes; at most 8796093022208");
    }

    @Test
    void aChunkIsTheSmallestPowerOfTwoOfBlocksThatHoldsTheFile() {
        assertThat(ErofsFormat.chunkBits(1)).isZero();
        assertThat(ErofsFormat.chunkBits(4096)).isZero();
        assertThat(ErofsFormat.chunkBits(4097)).isEqualTo(1);
        assertThat(ErofsFormat.chunkBits(8193)).isEqualTo(2);
        assertThat(ErofsFormat.chunkBits(16384)).isEqualTo(2);
        assertThat(ErofsFormat.chunkBits(8L << 40)).isEqualTo(31);
    }

    @Test
    void moreInodesThanAnImageCouldHaveAreRefused() {
        refuses(ErrorKind.UNSUPPORTED, new PlainTree(1 << 24), "16777217 inodes; at most 16777216");
    }

    /// A small layer whose files share large attributes, which EROFS would have once a file.
    @Test
    void metadataOfGigabytesIsRefused() {
        refuses(
                ErrorKind.UNSUPPORTED,
                new PlainTree(40_000).xattrs(attribute("user.a", 65_535)),
                "more than 2147483648 bytes of metadata, at '");
    }

    @Test
    void inodesThatCannotBeAreRefused() {
        refuses(ErrorKind.INVALID, () -> new ErofsInode.Node(4096, 0), "no device 4096:0");
        refuses(ErrorKind.INVALID, () -> new ErofsInode.Node(0, 1 << 20), "no device 0:1048576");
        refuses(ErrorKind.INVALID, () -> made(0x1_0000_0000L, 0, 0, 0), "links 4294967296");
        refuses(ErrorKind.INVALID, () -> made(0, 0, 0, 0), "links 0");
        refuses(ErrorKind.INVALID, () -> made(1, 1L << 32, 0, 0), "owner 4294967296");
        refuses(ErrorKind.INVALID, () -> made(1, 0, -1, 0), "group -1");
        refuses(ErrorKind.INVALID, () -> made(1, 0, 0, 1_000_000_000), "nanoseconds 1000000000");
        assertThat(made(0xffff_ffffL, 0xffff_ffffL, 0xffff_ffffL, 999_999_999).links())
                .isEqualTo(0xffff_ffffL);
    }

    private static ErofsInode made(long links, long uid, long gid, int nanos) {
        return new ErofsInode(Flags.S_IFIFO | 0600, links, uid, gid, 0, 0, nanos, ErofsInode.INSIDE);
    }

    @Test
    void targetsLongerThanAPathAreRefused() {
        refuses(
                ErrorKind.INVALID,
                new PlainTree(1)
                        .inodes(_ -> new ErofsInode(Flags.S_IFLNK | 0777, 1, 0, 0, 4096, 0, 0, ErofsInode.INSIDE)),
                "symlink '00000001' has 4096 bytes");
    }

    @Test
    void aDirectoryInTwoPlacesIsRefused() {
        ErofsInode directory = new ErofsInode(Flags.S_IFDIR | 0755, 2, 0, 0, 0, 0, 0, ErofsInode.INSIDE);
        ErofsTree tree = new PlainTree(2, number -> RawName.of("" + number)) {
            @Override
            public void list(int of, Visitor visitor) {
                super.list(of, (name, _) -> visitor.visit(name, 1));
            }
        }.inodes(_ -> directory);
        refuses(ErrorKind.INVALID, tree, "'2' in '' is a directory that is elsewhere, too");
        ErofsTree circle = new PlainTree(1, _ -> RawName.of("r")) {
            @Override
            public void list(int of, Visitor visitor) {
                super.list(of, (name, _) -> visitor.visit(name, 0));
            }
        };
        refuses(ErrorKind.INVALID, circle, "'r' for inode 0, which cannot be there");
    }
}
