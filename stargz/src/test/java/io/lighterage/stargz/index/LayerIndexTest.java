package io.lighterage.stargz.index;

import static io.lighterage.stargz.tar.Tars.charDevice;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.FuzzTargets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerIndexTest {
    private static final int ROUNDS = Boolean.getBoolean("lighterage.full") ? 100_000 : 10_000;
    private static final long SEED = Long.getLong("lighterage.seed", 20261124L);

    @TempDir
    Path folder;

    private static IndexedTar sample() {
        return IndexedTar.of(
                dir("d").xattr("user.a", "b"),
                file("d/long", "0123456789".repeat(350)),
                file("e/short", "x"),
                hardlink("link", "d/long"),
                symlink("s", "d/long"),
                charDevice("c", 1, 3),
                whiteout("w"),
                file("d/empty", ""));
    }

    private static byte[] bytes(IndexedTar tar) {
        ByteBuffer image = tar.builder().image();
        byte[] bytes = new byte[image.remaining()];
        image.get(bytes);
        return bytes;
    }

    private static void assertCorrupt(Path file) {
        assertThatThrownBy(() -> LayerIndex.open(file))
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(ErrorKind.CORRUPT))
                .hasMessageContaining(file.toString());
    }

    @Test
    void aWrittenIndexReopensAsWhatItWas() throws IOException {
        Path file = folder.resolve("index");
        IndexedTar tar = sample();
        LayerIndex written = tar.builder().write(file);
        LayerIndex opened = LayerIndex.open(file);
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes(tar)).isEqualTo(bytes(sample()));
        assertThat(opened.layer()).isEqualTo(written.layer());
        assertThat(opened.encoding()).isEqualTo(Encoding.NONE);
        assertThat(opened.inodeCount()).isEqualTo(9);
        assertThat(opened.fileCount()).isEqualTo(2);
        int file1 = IndexedTar.find(opened, "link");
        assertThat(file1).isEqualTo(IndexedTar.find(opened, "d/long"));
        assertThat(new String(IndexedTar.content(opened, tar.flat(), file1), java.nio.charset.StandardCharsets.UTF_8))
                .isEqualTo("0123456789".repeat(350));
        assertThat(opened.chunkCount()).isEqualTo(5);
        try (var left = Files.list(folder)) {
            assertThat(left.toList()).containsExactly(file);
        }
    }

    @Test
    void anEmptyLayerHasARootAndNothingElse() {
        LayerIndex index = IndexedTar.of().index();
        assertThat(index.inodeCount()).isEqualTo(1);
        assertThat(index.flatSize()).isZero();
        assertThat(index.chunkAt(0)).isZero();
        assertThat(index.childCount(0)).isZero();
    }

    @Test
    void aSha512LayerDigestIsKept() {
        Digest digest = new Digest("sha512", "ab".repeat(64));
        ByteBuffer image = new LayerIndexBuilder(digest, Encoding.ZSTD_FRAMES).image();
        assertThat(LayerIndex.of(image, "test").layer()).isEqualTo(digest);
        assertThat(LayerIndex.of(image, "test").encoding()).isEqualTo(Encoding.ZSTD_FRAMES);
    }

    @Test
    void everyFlippedBitIsFoundAtOpening() throws IOException {
        byte[] good = bytes(sample());
        for (int bit = 0; bit < good.length * 8; bit++) {
            byte[] damaged = good.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatThrownBy(() -> LayerIndex.of(ByteBuffer.wrap(damaged), "the index"))
                    .as("bit %d", bit)
                    .isInstanceOfSatisfying(
                            ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CORRUPT));
        }
        Path file = folder.resolve("index");
        good[good.length / 2] ^= 1;
        Files.write(file, good);
        assertCorrupt(file);
    }

    @Test
    void cutEmptyAndMissingFilesAreNamed() throws IOException {
        Path file = folder.resolve("index");
        byte[] good = bytes(sample());
        for (int length : List.of(0, 1, 39, 40, 175, 176, good.length - 1)) {
            Files.write(file, Arrays.copyOf(good, length));
            assertCorrupt(file);
        }
        Files.delete(file);
        assertThatThrownBy(() -> LayerIndex.open(file))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
                .hasMessageContaining(file.toString());
    }

    @Test
    void damageUnderARightDigestGivesATreeOrANamedFailure() {
        byte[] good = bytes(sample());
        Random random = new Random(SEED);
        int accepted = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] damaged = good.clone();
            for (int flips = random.nextInt(3); flips >= 0; flips--) {
                damaged[40 + random.nextInt(damaged.length - 40)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                accepted += FuzzTargets.index(damaged) ? 1 : 0;
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("round " + round + " of seed " + SEED + ": " + e, e);
            }
        }
        assertThat(accepted).isBetween(1, ROUNDS - 1);
    }

    @Test
    void aFileCostsAtMost120BytesBeyondItsName() {
        LayerIndexBuilder builder = new LayerIndexBuilder(Digest.sha256(new byte[0]), Encoding.GZIP_MEMBERS);
        int files = 100_000;
        long names = 0;
        for (int i = 0; i < files; i++) {
            String name = "file-number-" + i;
            names += name.length();
            builder.add(
                    file(i % 300 + "/" + name, "x").entry(),
                    List.of(new LayerIndexBuilder.Chunk(
                            0, 1, 100L * i, 100L * i + 100, 0, false, Digest.sha256(new byte[] {1}))));
        }
        ByteBuffer image = builder.image();
        assertThat((image.remaining() - names) / (double) files).isLessThanOrEqualTo(120);
        LayerIndex index = LayerIndex.of(image, "test");
        assertThat(index.inodeCount()).isEqualTo(files + 301);
        assertThat(index.path(files)).hasToString((files - 1) % 300 + "/file-number-" + (files - 1));
    }

    @Test
    void aMillionNamesInOneDirectoryTakeNoSquareOfTime() {
        LayerIndexBuilder builder = new LayerIndexBuilder(Digest.sha256(new byte[0]), Encoding.NONE);
        int files = Boolean.getBoolean("lighterage.full") ? 1_000_000 : 200_000;
        for (int i = files; i > 0; i--) {
            builder.add(file("d/" + i * 7919L, "").entry(), List.of());
        }
        LayerIndex index = LayerIndex.of(builder.image(), "test");
        assertThat(index.childCount(1)).isEqualTo(files);
    }
}
