package io.lighterage.remotesnapshotter.mount;

import static io.lighterage.stargz.tar.Tars.blockDevice;
import static io.lighterage.stargz.tar.Tars.charDevice;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.fifo;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.apply.RandomLayers;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The mounted tree is the unpacked one: names, types, modes, owners, times, attributes, links, devices and bytes.
@ParameterizedClass
@EnumSource(Mounting.class)
class TreeEqualityTest {
    private final Mounting by;

    @TempDir
    Path scratch;

    TreeEqualityTest(Mounting by) {
        this.by = by;
    }

    @BeforeEach
    void begin() {
        by.assumeWorks();
    }

    @AfterEach
    void end() throws IOException {
        Trees.clean(scratch);
    }

    private void agrees(byte[]... layers) throws IOException {
        agrees("", scratch, layers);
    }

    private void agrees(String of, Path place, byte[]... layers) throws IOException {
        Unpacking unpacking = new Unpacking(place);
        unpacking.merged(layers);
        try (MountedTree mounted = by.mount(Trees.of(layers), place.resolve("layer-mount"))) {
            TreeListing seen = TreeListing.of(mounted.at());
            assertThat(seen.differences(unpacking.listing(), TreeListing.Ignore.ROOT))
                    .as("mounted, then unpacked%s", of)
                    .isEmpty();
        }
    }

    private static byte[] noise(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Test
    void everyKindOfFileIsThereWithAllItHas() throws IOException {
        byte[] latin = "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1);
        agrees(tarOf(
                dir("d").mode(01777)
                        .owner(7, 8)
                        .time(1_000_000_000, 123_456_789)
                        .xattr("user.dir", "yes"),
                file("d/empty", ""),
                file("d/small", "text").mode(04755).owner(70_000, 3_000_000_000L),
                file("d/page", noise(4096, 1)).time(-5, 999_999_999),
                file("d/large", noise(3_000_001, 2)).mode(0).time(4_000_000_000L, 1),
                file("d/marked", "x").xattr("user.a", "1").xattr("user.b", noise(2000, 3)),
                file("d/capable", "x").xattr("security.capability", capability()),
                file("d/set", "x").mode(06711),
                symlink("link", "d/small").owner(5, 6).time(77, 7),
                symlink("dangling", "/no/such/" + "x".repeat(4000)),
                charDevice("null", 1, 3).mode(0666),
                charDevice("big", 4095, 1_048_575),
                blockDevice("disk", 8, 17).owner(0, 6),
                fifo("pipe").mode(0620),
                hardlink("d/small2", "d/small"),
                hardlink("pipe2", "pipe"),
                hardlink("link2", "link"),
                file("n".repeat(255), "long"),
                file("x", "latin").name(latin),
                dir("y/").name(new byte[] {(byte) 0xff, (byte) 0xfe, '/'}),
                file("z", "in it").name(new byte[] {(byte) 0xff, (byte) 0xfe, '/', (byte) 0x80}),
                symlink("target", "caf").name("tolatin".getBytes(StandardCharsets.US_ASCII)),
                file("new\nline and \\ \"quotes\"", "odd"),
                file("h\u00fcll/\u00df\u4e2d", "utf-8")));
    }

    /// `VFS_CAP_REVISION_2` with `cap_net_raw` permitted and effective.
    private static byte[] capability() {
        byte[] bytes = new byte[20];
        bytes[0] = 1;
        bytes[3] = 2;
        bytes[5] = 0x20;
        return bytes;
    }

    @Test
    void attributesNobodyMaySeeAreNotShown() throws IOException {
        agrees(tarOf(
                file("f", "x").xattr("trusted.overlay.opaque", "y").xattr("user.overlay.opaque", "y"),
                dir("d").xattr("trusted.overlay.opaque", "y").xattr("user.kept", "1"),
                symlink("l", "f").xattr("user.on-link", "1")));
    }

    @Test
    void layersHideAndReplace() throws IOException {
        agrees(
                tarOf(
                        dir("d"),
                        file("d/low", "1"),
                        dir("e"),
                        file("e/low", "2"),
                        file("e/kept", "3"),
                        file("f", "4"),
                        dir("g"),
                        file("g/x", ""),
                        file("turns", "file"),
                        dir("returns"),
                        file("returns/x", "")),
                tarOf(
                        whiteout("f"),
                        dir("d").mode(0700).owner(1, 2).xattr("user.top", "1"),
                        opaque("d"),
                        file("d/new", "5"),
                        whiteout("e/low"),
                        whiteout("g"),
                        dir("turns"),
                        file("turns/x", "6"),
                        file("returns", "file")),
                tarOf(dir("g"), file("g/y", "7"), whiteout("missing"), whiteout("no/such/x"), file("e/new/deep", "8")));
    }

    @Test
    void directoriesALayerOnlyWorksInLookAsBelow() throws IOException {
        agrees(
                tarOf(
                        dir("d").mode(0700).owner(5, 6).time(77, 8).xattr("user.x", "1"),
                        dir("d/e").mode(01777)),
                tarOf(file("d/e/new", "1")),
                tarOf(file("d/e/newer", "2"), file("made/for/this", "3").time(99, 9)),
                tarOf(file("made/too", "4").time(100, 9)));
    }

    @Test
    void aMarkedDirectoryWithoutAnEntryLooksAsBelow() throws IOException {
        agrees(
                tarOf(dir("d").mode(0711).owner(5, 6), file("d/low", "1"), dir("e").mode(0711), file("e/low", "2")),
                tarOf(opaque("d"), whiteout("e"), file("e/new", "3")));
    }

    @Test
    void linksAreCountedByTheNamesThatCanBeSeen() throws IOException {
        agrees(
                tarOf(
                        dir("a"),
                        file("a/1", "one"),
                        hardlink("a/2", "a/1"),
                        hardlink("3", "a/1"),
                        dir("b/c"),
                        hardlink("b/c/4", "a/1"),
                        file("other", "x"),
                        hardlink("other2", "other")),
                tarOf(whiteout("a/2"), file("other2", "replaced")),
                tarOf(whiteout("b")),
                tarOf(file("b/again", "y"), hardlink("b/again2", "b/again")));
    }

    @Test
    void entriesBehindASymlinkOfALowerLayerGoWhereItLeads() throws IOException {
        agrees(
                tarOf(
                        dir("usr"),
                        dir("usr/lib").mode(0711),
                        file("usr/lib/a", "1"),
                        dir("usr/lib/s"),
                        file("usr/lib/s/low", "1"),
                        symlink("lib", "usr/lib"),
                        dir("deep"),
                        symlink("deep/up", "../usr/../lib/s"),
                        symlink("abs", "/usr/lib")),
                tarOf(file("lib/b", "2"), file("lib/s/new", "3"), whiteout("lib/a")),
                tarOf(file("deep/up/more", "4"), whiteout("abs/s/low"), file("abs/c", "5")));
    }

    @Test
    void sparseAndManyChunkedFilesReadAtAnyOffset() throws IOException {
        byte[] content = noise(1_000_000, 9);
        ImageTree tree = Trees.of(tarOf(file("f", content)));
        try (MountedTree mounted = by.mount(tree, scratch.resolve("layer-mount"));
                var in = Files.newByteChannel(mounted.at().resolve("f"))) {
            Random random = new Random(10);
            for (int i = 0; i < 200; i++) {
                int at = random.nextInt(content.length);
                var target = java.nio.ByteBuffer.allocate(1 + random.nextInt(50_000));
                in.position(at);
                int count = in.read(target);
                assertThat(java.util.Arrays.copyOf(target.array(), count))
                        .as("read %d of seed 10", i)
                        .isEqualTo(java.util.Arrays.copyOfRange(content, at, at + count));
            }
        }
    }

    /// What `mkdir(2)` gives, and with it containerd; umoci keeps the set-gid bit, too.
    @Test
    void directoriesMadeForAFileTakeTheGroupOfASetGidDirectory() throws IOException {
        agrees(
                tarOf(
                        dir("below").mode(02755).owner(7, 500),
                        dir("plain").owner(7, 501),
                        dir("same").mode(02755).owner(7, 502),
                        file("same/made/deep/f", "1"),
                        file("late/made/f", "2"),
                        dir("late").mode(02755).owner(7, 503)),
                tarOf(
                        file("below/made/deep/f", "3"),
                        file("plain/made/f", "4"),
                        file("late/again/f", "5"),
                        file("same/new/f", "6"),
                        dir("same").owner(7, 504)),
                tarOf(file("below/made/more", "7"), whiteout("below"), file("below/second/f", "8")),
                tarOf(whiteout("late"), file("late/anew/f", "9")));
    }

    @Test
    void aDirectoryHiddenByTheOneAroundItDoesNotComeBackWithItsOldLooks() throws IOException {
        agrees(
                tarOf(dir("a/b/c").mode(0711).time(1000, 1)),
                tarOf(file("a/b/f", "1"), opaque("a")),
                tarOf(file("a/b/c/f", "2").time(2000, 2), opaque("a")));
    }

    @Test
    void hardLinksToFilesOfLowerLayersAreFurtherNamesOfThose() throws IOException {
        agrees(
                tarOf(
                        dir("usr/lib"),
                        file("usr/lib/a", "one").mode(0640).owner(3, 4).time(50, 5),
                        file("usr/lib/gone", "two"),
                        hardlink("usr/lib/gone2", "usr/lib/gone"),
                        symlink("lib", "usr/lib"),
                        file("kept", "three")),
                tarOf(
                        hardlink("a2", "usr/lib/a"),
                        hardlink("through", "lib/a"),
                        hardlink("usr/lib/a3", "a2"),
                        hardlink("gone3", "usr/lib/gone"),
                        whiteout("usr/lib/gone")),
                tarOf(hardlink("kept2", "kept"), hardlink("a4", "through"), hardlink("a5", "a4"), whiteout("a2")),
                tarOf(file("kept", "replaced"), whiteout("usr"), whiteout("a5")));
    }

    @Test
    void aHardLinkToNothingAtAllIsRefusedByName() {
        assertThatThrownBy(() -> Trees.of(tarOf(dir("d"), file("f", "1")), tarOf(hardlink("e/h", "d/no"))))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("'e/h'")
                .hasMessageContaining("'d/no'");
        assertThatThrownBy(() -> Trees.of(tarOf(dir("d")), tarOf(hardlink("h", "d"))))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("hard link to 'd'");
        assertThatThrownBy(() -> Trees.of(tarOf(hardlink("h", "d"))))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("hard link to 'd'");
    }

    /// Seeds whose trees differed once.
    @ParameterizedTest
    @ValueSource(longs = {3043, 3051, 3090, 3192, 3194, 3199})
    void randomLayersThatOnceLookedDifferentDoNot(long seed) throws IOException {
        agrees(seed);
    }

    @Test
    void randomLayersLookTheSameMountedAndUnpacked() throws IOException {
        int rounds = Boolean.getBoolean("lighterage.full") ? 1000 : 25;
        for (int round = 0; round < rounds; round++) {
            agrees(4000L + round);
        }
    }

    /// A name may be hidden when a layer links to it: such layers cannot be unpacked, so there is nothing to compare.
    @Test
    void randomLayersWithHardLinksToLowerOnesLookTheSame() throws IOException {
        int wanted = Boolean.getBoolean("lighterage.full") ? 300 : 12;
        int seen = 0;
        for (long seed = 9000; seen < wanted; seed++) {
            assertThat(seed).as("layers that can be unpacked are rare").isLessThan(9000 + 20L * wanted);
            byte[][] layers = new RandomLayers(seed, false, true).next(4).toArray(byte[][]::new);
            Path place = Files.createDirectories(scratch.resolve("seed" + seed));
            if (canBeUnpacked(scratch.resolve("tried" + seed), layers)) {
                agrees(", of seed " + seed, place, layers);
                seen++;
            }
        }
    }

    private static boolean canBeUnpacked(Path place, byte[][] layers) throws IOException {
        try {
            new Unpacking(Files.createDirectories(place)).merged(layers);
            return true;
        } catch (ImageException e) {
            return false;
        }
    }

    @Test
    void aHardLinkIsToWhatIsBelowThoughTheLayerLaterHasAFileOfThatName() throws IOException {
        agrees(
                tarOf(file("f", "old").mode(0640), file("other", "x")),
                tarOf(hardlink("kept", "f"), file("f", "new").mode(0600)),
                tarOf(hardlink("f2", "f"), hardlink("kept2", "kept"), whiteout("f")));
    }

    private void agrees(long seed) throws IOException {
        byte[][] layers = new RandomLayers(seed, false).next(4).toArray(byte[][]::new);
        Path place = Files.createDirectories(scratch.resolve("seed" + seed));
        agrees(", of seed " + seed, place, layers);
    }
}
