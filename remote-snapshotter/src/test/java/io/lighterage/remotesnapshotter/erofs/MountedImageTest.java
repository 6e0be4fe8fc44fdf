package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.linux.Flags;
import io.lighterage.linux.NativeLoopCalls;
import io.lighterage.linux.NativeMountCalls;
import io.lighterage.remotesnapshotter.apply.RandomLayers;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.remotesnapshotter.erofs.ErofsMount.Backing;
import io.lighterage.remotesnapshotter.erofs.Images.Image;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.Tars;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the kernel shows of an image of one layer is what unpacking the layer gives: names, types, modes,
/// owners, times, attributes, links, devices and bytes. `fsck.erofs` has nothing to say.
class MountedImageTest {
    /// The root's attributes are nobody's; overlayfs counts the links of lower layers that are hidden.
    private static final TreeListing.Ignore OVERLAYFS = new TreeListing.Ignore(true, false, false, true);

    @TempDir
    Path scratch;

    @BeforeEach
    void begin() {
        Images.assumeErofs();
    }

    @AfterEach
    void end() throws IOException {
        Images.clean(scratch);
    }

    private void agrees(byte[] tar) throws Exception {
        Image image = Images.write(tar, scratch.resolve("layer-image"));
        Unpacking unpacking = new Unpacking(scratch);
        unpacking.merged(tar);
        assertThat(Images.fsck(image)).contains("No errors found");
        try (ErofsMount mount = Images.mount(image, scratch.resolve("layer-mount"))) {
            assertThat(TreeListing.of(mount.at()).differences(unpacking.listing(), TreeListing.Ignore.ROOT))
                    .as("mounted, then unpacked")
                    .isEmpty();
        }
    }

    @Test
    void everyKindOfFileIsThereWithAllItHas() throws Exception {
        agrees(Images.everything());
    }

    /// One where Linux has it, and those it refuses to set, which unpacking leaves out.
    @Test
    void accessControlListsAreThereWhereFilesMayHaveThem() throws Exception {
        byte[] list = accessList();
        String access = "system.posix_acl_access";
        String byDefault = "system.posix_acl_default";
        agrees(tarOf(
                file("f", "x").mode(0674).xattr(access, list),
                dir("d").mode(0755).xattr(byDefault, list),
                file("g", "x").xattr(byDefault, list),
                symlink("s", "f").xattr(access, list).xattr(byDefault, list)));
        try (ErofsMount mount = Images.mount(
                new Image(scratch.resolve("layer-image/meta"), List.of(scratch.resolve("layer-image/flat"))),
                scratch.resolve("layer-mount"))) {
            assertThat(TreeListing.of(mount.at()).at("f").xattrs()).containsEntry(RawName.of(access), RawName.of(list));
        }
    }

    /// `u::rw-,u:1000:rwx,g::r--,m::rwx,o::r--` as `posix_acl_xattr.h` has it.
    private static byte[] accessList() {
        int nobody = -1;
        int[][] entries = {{1, 6, nobody}, {2, 7, 1000}, {4, 4, nobody}, {0x10, 7, nobody}, {0x20, 4, nobody}};
        ByteBuffer list = ByteBuffer.allocate(4 + entries.length * 8).order(ByteOrder.LITTLE_ENDIAN);
        list.putInt(2);
        for (int[] entry : entries) {
            list.putShort((short) entry[0]).putShort((short) entry[1]).putInt(entry[2]);
        }
        return list.array();
    }

    @Test
    void loopDevicesServeKernelsThatDoNotMountFilesAndGoWithTheMount() throws Exception {
        Image image = Images.write(Images.everything(), scratch.resolve("layer-image"));
        ErofsMounter mounter = new ErofsMounter(new OlderKernel(new NativeMountCalls()), new NativeLoopCalls());
        Path target = Files.createDirectories(scratch.resolve("layer-mount"));
        TreeListing looped;
        try (ErofsMount mount = mounter.mount(image.metadata(), image.devices(), target)) {
            assertThat(mount.backing()).isEqualTo(Backing.LOOP_DEVICES);
            looped = TreeListing.of(target);
            assertThat(Unpacking.command("losetup", "-l")).contains(scratch.toString());
        }
        try (ErofsMount mount = Images.mount(image, target)) {
            assertThat(mount.backing()).isEqualTo(Backing.FILES);
            assertThat(TreeListing.of(target).differences(looped, TreeListing.Ignore.NOTHING))
                    .isEmpty();
        }
        assertThat(Unpacking.command("losetup", "-l")).doesNotContain(scratch.toString());
    }

    @Test
    void namesAreFoundWhateverTheirBytesAre() throws Exception {
        List<Tars.Item> items = new ArrayList<>();
        for (String name : List.of("!", "-", "+x", ".a", "..a", "...", ".-", ". ", " ", "~", "a", "aa", "ab", "b")) {
            items.add(file("d/" + name, name));
            items.add(dir("e/" + name));
        }
        for (int first = 1; first < 256; first++) {
            boolean possible = first != '/' && first != '.';
            if (possible) {
                items.add(file("x", "" + first).name(new byte[] {'f', '/', (byte) first}));
                items.add(file("x", "" + first).name(new byte[] {'f', '/', (byte) first, (byte) 0xff}));
            }
        }
        agrees(tarOf(items.toArray(Tars.Item[]::new)));
    }

    @Test
    void directoriesOfEveryLengthAreListedAndSearched() throws Exception {
        Random random = new Random(7);
        List<Tars.Item> items = new ArrayList<>();
        for (int directory = 0; directory < 120; directory++) {
            int count = random.nextInt(200);
            int longest = 1 + random.nextInt(240);
            for (int i = 0; i < count; i++) {
                String name = i + "n".repeat(random.nextInt(longest));
                items.add(symlink("d" + directory + "/" + name, "t".repeat(1 + random.nextInt(50))));
            }
        }
        agrees(tarOf(items.toArray(Tars.Item[]::new)));
    }

    /// `.` and `..` take 27 bytes of a block; the names here take the rest, or all of it but one or two bytes.
    @Test
    void blocksThatAreFullToTheLastByteEndTheirLastName() throws Exception {
        List<Tars.Item> items = new ArrayList<>();
        for (int spare = 0; spare < 3; spare++) {
            int left = 4096 - 27 - spare;
            for (int i = 0; left > 0; i++) {
                int length = left > 600 ? 200 : left > 267 ? left / 2 - 12 : left - 12;
                items.add(file("d" + spare + "/" + (100 + i) + "n".repeat(length - 3), "x"));
                left -= length + 12;
            }
            items.add(file("d" + spare + "/zz", "next block"));
        }
        agrees(tarOf(items.toArray(Tars.Item[]::new)));
    }

    @Test
    void targetsAndAttributesOfEveryLengthAreThere() throws Exception {
        List<Tars.Item> items = new ArrayList<>();
        for (int length = 1; length <= 4095; length += length > 2900 && length < 3100 ? 1 : 37) {
            items.add(symlink("l" + length, "t".repeat(length)));
        }
        items.add(symlink("l4095", "t".repeat(4095)));
        for (int length = 0; length < 9000; length += 89) {
            items.add(file("f" + length, "x").xattr("user.a", new byte[length]).xattr("user.long" + length, "y"));
        }
        Image image = Images.write(tarOf(items.toArray(Tars.Item[]::new)), scratch.resolve("image"));
        assertThat(Images.fsck(image)).contains("No errors found");
        try (ErofsMount mount = Images.mount(image, scratch.resolve("mount"))) {
            TreeListing seen = TreeListing.of(mount.at());
            for (String path : seen.paths()) {
                int length = Integer.parseInt(path.substring(1));
                TreeListing.Node node = seen.at(path);
                if (path.startsWith("l")) {
                    assertThat(node.target().length()).isEqualTo(length);
                } else {
                    assertThat(node.xattrs())
                            .containsEntry(RawName.of("user.a"), RawName.of(new byte[length]))
                            .containsEntry(RawName.of("user.long" + length), RawName.of("y"))
                            .hasSize(2);
                }
            }
            assertThat(seen.paths()).hasSize(items.size());
        }
    }

    @Test
    void bytesEndWhereTheFileEnds() throws Exception {
        Image image = Images.write(
                tarOf(file("a", "x".repeat(5000)), file("b", "y"), file("c", "z".repeat(8192))),
                scratch.resolve("image"));
        Path flat = image.devices().getFirst();
        byte[] bytes = Files.readAllBytes(flat);
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = bytes[at] == 0 ? (byte) '!' : bytes[at]; // what lies between files is nobody's
        }
        Files.write(flat, bytes);
        try (ErofsMount mount = Images.mount(image, scratch.resolve("mount"))) {
            assertThat(mount.at().resolve("a")).hasContent("x".repeat(5000));
            assertThat(mount.at().resolve("b")).hasContent("y");
            assertThat(mount.at().resolve("c")).hasContent("z".repeat(8192));
        }
    }

    /// A reader besides the kernel. It looks for the bytes of files in the image only, so there are none.
    @Test
    void fsckExtractsNamesAndTargets() throws Exception {
        List<Tars.Item> items = new ArrayList<>(List.of(
                dir("d").mode(0700).owner(5, 6).time(77, 0),
                file("d/empty", "").mode(0640).owner(3, 4).time(78, 0),
                symlink("d/link", "empty").time(79, 0),
                symlink("d/long", "t".repeat(4000)).time(80, 0)));
        for (int i = 0; i < 1000; i++) {
            items.add(file("many/" + "n".repeat(i % 200) + i, "").time(81, 0));
        }
        byte[] tar = tarOf(items.toArray(Tars.Item[]::new));
        Image image = Images.write(tar, scratch.resolve("layer-image"));
        Path extracted = scratch.resolve("layer-extracted");
        assertThat(Images.fsck(image, "--extract=" + extracted)).contains("Extracted filesystem successfully");
        Unpacking unpacking = new Unpacking(scratch);
        unpacking.merged(tar);
        assertThat(TreeListing.of(extracted).differences(unpacking.listing(), TreeListing.Ignore.ROOT))
                .isEmpty();
    }

    @Test
    void aLayerWithoutBytesNeedsNoDevice() throws Exception {
        Image image = Images.write(tarOf(dir("d"), file("empty", "")), scratch.resolve("image"));
        assertThat(image.devices()).isEmpty();
        assertThat(Images.fsck(image)).contains("No errors found");
        try (ErofsMount mount = Images.mount(image, scratch.resolve("mount"))) {
            assertThat(TreeListing.of(mount.at()).paths()).containsExactly("d", "empty");
        }
    }

    @Test
    void marksOfOverlayfsHideWhatIsBelow() throws Exception {
        byte[] base = tarOf(
                dir("d"),
                file("d/low", "1"),
                dir("e"),
                file("e/low", "2"),
                file("e/kept", "3"),
                file("f", "4"),
                dir("g"));
        byte[] top = tarOf(
                whiteout("f"),
                dir("d").mode(0711).owner(1, 2),
                opaque("d"),
                file("d/new", "5"),
                whiteout("d/nothing"),
                dir("e"),
                whiteout("e/low"),
                whiteout("g"));
        TreeListing alone = overlaid(List.of(base, top));
        assertThat(alone.paths()).containsExactly("d", "d/new", "e", "e/kept");
        Image image = Images.write(top, scratch.resolve("top"));
        try (ErofsMount mount = Images.mount(image, scratch.resolve("top-mount"))) {
            TreeListing seen = TreeListing.of(mount.at());
            assertThat(seen.at("f").mode()).isEqualTo(Flags.S_IFCHR);
            assertThat(seen.at("f").deviceMajor() + seen.at("f").deviceMinor()).isZero();
            assertThat(seen.at("d").xattrs()).containsEntry(RawName.of("trusted.overlay.opaque"), RawName.of("y"));
            assertThat(seen.has("d/nothing")).isFalse();
        }
    }

    @Test
    void overlaidImagesAreTheUnpackedLayers() throws Exception {
        int rounds = Boolean.getBoolean("lighterage.full") ? 300 : 15;
        for (int round = 0; round < rounds; round++) {
            long seed = 6000L + round;
            List<byte[]> layers = new RandomLayers(seed, true).next(3);
            Unpacking unpacking = new Unpacking(Files.createDirectories(scratch.resolve("round" + round)));
            unpacking.merged(layers.toArray(byte[][]::new));
            assertThat(overlaid(layers).differences(unpacking.listing(), OVERLAYFS))
                    .as("overlay of images, then unpacked, of seed %d", seed)
                    .isEmpty();
        }
    }

    /// What overlayfs makes of the images of layers, base first.
    private TreeListing overlaid(List<byte[]> layers) throws Exception {
        Path place = Files.createTempDirectory(scratch, "overlay");
        List<ErofsMount> mounts = new ArrayList<>();
        Path merged = Files.createDirectories(place.resolve("merged"));
        String lowers = "";
        for (byte[] layer : layers) {
            Path at = place.resolve("" + mounts.size());
            mounts.add(Images.mount(Images.write(layer, place.resolve("image" + mounts.size())), at));
            lowers = at + (lowers.isEmpty() ? "" : ":") + lowers;
        }
        Unpacking.command("mount", "-t", "overlay", "overlay", "-o", "ro,lowerdir=" + lowers, merged.toString());
        try {
            return TreeListing.of(merged);
        } finally {
            Unpacking.command("umount", merged.toString());
            mounts.forEach(ErofsMount::close);
        }
    }
}
