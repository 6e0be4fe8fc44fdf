package io.lighterage.remotesnapshotter.apply;

import static io.lighterage.stargz.tar.Tars.charDevice;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.RawName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One directory a layer; the kernel's overlayfs is the judge of what they mean together.
class OverlayFormTest {
    private static final RawName OPAQUE = RawName.of("trusted.overlay.opaque");

    private static final TreeListing.Ignore OVERLAYFS = new TreeListing.Ignore(true, false, false, true);

    @TempDir
    Path scratch;

    private Unpacking unpacking;

    @BeforeEach
    void begin() throws IOException {
        Unpacking.assumeRoot();
        unpacking = new Unpacking(scratch);
    }

    /// Unpacks the layers in both forms; the overlay mount must look exactly like the merged tree.
    private List<Path> agrees(byte[]... layers) throws Exception {
        List<Path> directories = unpacking.overlay(layers);
        unpacking.merged(layers);
        assertThat(mounted(directories).differences(unpacking.listing(), TreeListing.Ignore.ROOT))
                .isEmpty();
        return directories;
    }

    private TreeListing mounted(List<Path> directories) throws Exception {
        Path mount = Files.createDirectories(scratch.resolve("layers-mounted"));
        // overlayfs wants two lower directories at least when there is no upper one.
        Path empty = Files.createDirectories(scratch.resolve("layer-empty"));
        String lowers = directories.reversed().stream().map(Path::toString).collect(Collectors.joining(":"));
        Unpacking.command(
                "mount", "-t", "overlay", "overlay", "-o", "ro,lowerdir=" + lowers + ":" + empty, mount.toString());
        try {
            return TreeListing.of(mount);
        } finally {
            Unpacking.command("umount", mount.toString());
        }
    }

    @Test
    void whiteoutsAndOpaqueDirectoriesAreMarkedForTheKernel() throws Exception {
        List<Path> layers = agrees(
                tarOf(dir("d"), file("d/low", "1"), dir("e"), file("e/low", "2"), file("f", "3"), dir("g")),
                tarOf(whiteout("f"), dir("d"), opaque("d"), file("d/new", "4"), whiteout("e/low"), whiteout("g")));
        TreeListing upper = TreeListing.of(layers.get(1));
        assertThat(upper.at("f").mode()).isEqualTo(Flags.S_IFCHR);
        assertThat(upper.at("f").deviceMajor() + upper.at("f").deviceMinor()).isZero();
        assertThat(upper.at("d").xattrs()).containsEntry(OPAQUE, RawName.of("y"));
        assertThat(upper.at("g").mode()).isEqualTo(Flags.S_IFCHR);
        assertThat(upper.at("e").xattrs()).isEmpty();
    }

    @Test
    void marksCanBeOfTheUserKind() throws Exception {
        Path directory = unpacking.target();
        byte[] tar = tarOf(dir("d"), opaque("d"));
        Unpacking.unpack(tar, directory, ApplyOptions.overlay("l", List.of()).withUserXattrs(true));
        assertThat(unpacking.listing().at("d").xattrs()).containsOnlyKeys(RawName.of("user.overlay.opaque"));
    }

    @Test
    void hiddenThenMadeAgainHidesWhatIsBelow() throws Exception {
        byte[] base = tarOf(dir("d").mode(0700), file("d/low", "1"), dir("e"), file("e/low", "2"), file("f", "3"));
        agrees(base, tarOf(whiteout("d"), dir("d"), file("d/new", "4"), whiteout("e"), file("e/sub/x", "5")));
    }

    @Test
    void fileThenDirectoryInOneLayerHidesWhatIsBelow() throws Exception {
        agrees(tarOf(dir("d"), file("d/low", "1")), tarOf(file("d", "x"), dir("d"), file("d/new", "2")));
    }

    @Test
    void whiteoutsAfterTheEntriesHideOnlyWhatIsBelow() throws Exception {
        byte[] base = tarOf(dir("d"), file("d/low", "1"), dir("d/s"), file("d/s/low", "1"), file("f", "1"));
        agrees(
                base,
                tarOf(dir("d"), file("d/new", "2"), file("d/s/new", ""), whiteout("d"), file("f", "2"), whiteout("f")));
    }

    @Test
    void directoryEntryAfterItsOpaqueMarkKeepsTheMark() throws Exception {
        agrees(tarOf(dir("d"), file("d/low", "1")), tarOf(opaque("d"), dir("d").mode(0711), file("d/new", "2")));
    }

    @Test
    void whiteoutsOfNothingLeaveNothingToBeListed() throws Exception {
        List<Path> layers = agrees(
                tarOf(dir("d")),
                tarOf(
                        dir("n"),
                        whiteout("n/x"),
                        whiteout("missing"),
                        whiteout("no/such/x"),
                        dir("d"),
                        whiteout("d/y"),
                        opaque("d")));
        assertThat(TreeListing.of(layers.get(1)).paths()).containsExactly("d", "n");
    }

    @Test
    void parentsWithoutAnEntryLookAsTheyDoBelow() throws Exception {
        List<Path> layers = agrees(
                tarOf(
                        dir("d").mode(0700).owner(5, 6).time(77, 8).xattr("user.x", "1"),
                        dir("d/e").mode(01777)),
                tarOf(file("d/e/new", "1")));
        assertThat(TreeListing.of(layers.get(1)).at("d").uid()).isEqualTo(5);
    }

    @Test
    void symlinkedDirectoriesOfLowerLayersAreFollowed() throws Exception {
        List<Path> layers = agrees(
                tarOf(dir("usr"), dir("usr/lib"), file("usr/lib/a", "1"), symlink("lib", "usr/lib")),
                tarOf(file("lib/b", "2"), whiteout("lib/a"), hardlink("lib/c", "lib/b")));
        assertThat(TreeListing.of(layers.get(1)).paths())
                .containsExactly("usr", "usr/lib", "usr/lib/a", "usr/lib/b", "usr/lib/c");
    }

    @Test
    void hardLinksIntoLowerLayersCopyTheFileUp() throws Exception {
        agrees(
                tarOf(
                        dir("d").mode(0711),
                        file("d/f", "content")
                                .mode(04755)
                                .owner(3, 4)
                                .time(99, 9)
                                .xattr("user.a", "1")),
                tarOf(hardlink("h", "d/f"), hardlink("h2", "d/f")));
    }

    @Test
    void hardLinksIntoUnknownLowerLayersAreRefusedWithAWayOut() {
        byte[] tar = tarOf(hardlink("h", "below"));
        assertThatThrownBy(() -> Unpacking.unpack(tar, unpacking.target(), ApplyOptions.overlay("l", List.of())))
                .hasMessageContaining("hard link to 'below'")
                .hasMessageContaining("in order with their lower layers")
                .satisfies(e -> assertThat(((ImageException) e).kind()).isEqualTo(ErrorKind.UNSUPPORTED));
    }

    @Test
    void hardLinksToHiddenFilesAreInvalid() throws Exception {
        Path low = scratch.resolve("layer-low");
        Unpacking.unpack(tarOf(file("f", "x")), low, ApplyOptions.overlay("l", List.of()));
        byte[] tar = tarOf(whiteout("f"), hardlink("h", "f"));
        assertThatThrownBy(() -> Unpacking.unpack(tar, unpacking.target(), ApplyOptions.overlay("l", List.of(low))))
                .satisfies(e -> assertThat(((ImageException) e).kind()).isEqualTo(ErrorKind.INVALID));
    }

    @Test
    void zeroDevicesAreWhiteouts() throws Exception {
        List<Path> layers = unpacking.overlay(tarOf(file("f", "x"), dir("d")), tarOf(charDevice("f", 0, 0)));
        assertThat(mounted(layers).paths()).containsExactly("d");
    }

    @Test
    void randomLayersMeanTheSameInBothForms() throws Exception {
        int rounds = Boolean.getBoolean("lighterage.full") ? 300 : 25;
        for (int round = 0; round < rounds; round++) {
            long seed = Boolean.getBoolean("lighterage.full") ? System.nanoTime() : 1000L + round;
            byte[][] layers = new RandomLayers(seed, false).next(4).toArray(byte[][]::new);
            Path place = Files.createDirectories(scratch.resolve("layer-round" + round));
            Unpacking each = new Unpacking(place);
            List<Path> directories = each.overlay(layers);
            each.merged(layers);
            assertThat(mounted(directories).differences(each.listing(), OVERLAYFS))
                    .as("overlay mount, then merged tree, of seed %d", seed)
                    .isEmpty();
        }
    }
}
