package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Digest;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.Flags;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndexBuilder;
import io.lighterage.stargz.index.LayerIndexBuilder.Chunk;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.Tars;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The kernel takes images at the limits.
class LargeImageTest {
    private static final boolean FULL = Boolean.getBoolean("lighterage.full");
    private static final Digest LAYER = Digest.sha256(new byte[0]);

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

    private static FileStatus status(Path file) {
        byte[] path = file.toString().getBytes(StandardCharsets.UTF_8);
        return Objects.requireNonNull(new NativeFileCalls().statx(Flags.AT_FDCWD, path));
    }

    @Test
    void aFileMayHave65535Names() throws Exception {
        List<Tars.Item> items = new ArrayList<>(List.of(file("f", "x")));
        for (int i = 1; i < 65_535; i++) {
            items.add(hardlink("l" + i, "f"));
        }
        Images.Image image = Images.write(tarOf(items.toArray(Tars.Item[]::new)), scratch.resolve("image"));
        assertThat(Images.fsck(image)).contains("No errors found");
        try (ErofsMount mount = Images.mount(image, scratch.resolve("mount"))) {
            assertThat(status(mount.at().resolve("f")).links()).isEqualTo(65_535);
            assertThat(status(mount.at().resolve("l40000")).inode())
                    .isEqualTo(status(mount.at().resolve("f")).inode());
        }
    }

    @Test
    void attributesMayBeAsLongAsTheyCan() throws Exception {
        byte[] value = Images.noise(65_535, 5);
        byte[] tar = tarOf(
                file("f", "x")
                        .xattr("user." + "n".repeat(250), value)
                        .xattr("user.b", value)
                        .xattr("user.c", value),
                file("g", "y").xattr("user.d", new byte[4097]));
        Images.Image image = Images.write(tar, scratch.resolve("image"));
        assertThat(Images.fsck(image)).contains("No errors found");
        try (ErofsMount mount = Images.mount(image, scratch.resolve("mount"))) {
            byte[] f = mount.at().resolve("f").toString().getBytes(StandardCharsets.UTF_8);
            NativeFileCalls calls = new NativeFileCalls();
            for (String name : List.of("user." + "n".repeat(250), "user.b", "user.c")) {
                byte[] attribute = name.getBytes(StandardCharsets.UTF_8);
                assertThat(calls.getxattrat(Flags.AT_FDCWD, f, attribute)).isEqualTo(value);
            }
            assertThat(mount.at().resolve("f")).hasContent("x");
        }
    }

    /// A sparse file of almost 1 TiB, and one behind it.
    @Test
    void aSparseFileMayHaveATerabyte() throws Exception {
        long size = (1L << 40) - 4096;
        LayerIndexBuilder builder = new LayerIndexBuilder(LAYER, Encoding.NONE);
        List<Chunk> holes = new ArrayList<>();
        for (long at = 0; at < size; at += LayerIndex.MAX_CHUNK) {
            int length = (int) Math.min(LayerIndex.MAX_CHUNK, size - at);
            holes.add(new Chunk(at, length, 0, 0, 0, true, LAYER));
        }
        builder.add(regular("big", size), holes);
        builder.add(regular("last", 5), List.of(new Chunk(0, 5, 0, 0, 0, false, LAYER)));
        LayerIndex index = builder.write(scratch.resolve("index"));
        Path flat = scratch.resolve("flat");
        try (RandomAccessFile out = new RandomAccessFile(flat.toFile(), "rw")) {
            out.setLength(index.flatSize());
            out.seek(size - 3);
            out.writeBytes("end");
            out.seek(index.flatSize() - 4096);
            out.writeBytes("after");
        }
        Images.Image image = new Images.Image(scratch.resolve("meta"), List.of(flat));
        ErofsImage.write(image.metadata(), new LayerErofsTree(index));
        assertThat(Images.fsck(image)).contains("No errors found");
        try (ErofsMount mount = Images.mount(image, scratch.resolve("mount"));
                RandomAccessFile big =
                        new RandomAccessFile(mount.at().resolve("big").toFile(), "r")) {
            assertThat(mount.at().resolve("last")).hasContent("after");
            assertThat(big.length()).isEqualTo(size);
            big.seek(size - 5);
            byte[] tail = new byte[10];
            assertThat(big.read(tail)).isEqualTo(5);
            assertThat(new String(tail, 0, 5, StandardCharsets.UTF_8)).isEqualTo("\0\0end");
            big.seek(size / 2 + 12345);
            assertThat(big.read()).isZero();
        }
    }

    private static TarEntry regular(String name, long size) {
        return new TarEntry(
                RawName.of(name),
                TarEntry.Type.REGULAR,
                RawName.EMPTY,
                0644,
                0,
                0,
                size,
                0,
                0,
                0,
                0,
                Map.of(),
                List.of());
    }

    @Test
    void aDirectoryMayHaveAMillionEntries() throws Exception {
        int count = FULL ? 1_000_000 : 100_000;
        LayerIndexBuilder builder = new LayerIndexBuilder(LAYER, Encoding.NONE);
        for (int i = 0; i < count; i++) {
            builder.add(regular("d/entry-" + i, 0), List.of());
        }
        LayerIndex index = builder.write(scratch.resolve("index"));
        Images.Image image = new Images.Image(scratch.resolve("meta"), List.of());
        ErofsHeader header = ErofsImage.write(image.metadata(), new LayerErofsTree(index));
        assertThat(header.inodes()).isEqualTo(count + 2);
        // an inode of 64 bytes, an entry of 12, a name of 12 or 13, and what ends of blocks waste
        assertThat(header.bytes()).isLessThan(95L * count);
        assertThat(Images.fsck(image)).contains("No errors found");
        try (ErofsMount mount = Images.mount(image, scratch.resolve("mount"))) {
            Path directory = mount.at().resolve("d");
            try (var names = Files.list(directory)) {
                assertThat(names.count()).isEqualTo(count);
            }
            for (int i = 0; i < count; i += 9973) {
                assertThat(Files.size(directory.resolve("entry-" + i))).isZero();
            }
            assertThat(directory.resolve("entry-" + count)).doesNotExist();
        }
    }
}
