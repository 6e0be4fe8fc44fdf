package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Images as files: the same bytes each time, and no other bytes are taken for one.
class ErofsImageTest {
    @TempDir
    Path scratch;

    private Path write(byte[] tar) {
        Path file = scratch.resolve("meta");
        ErofsImage.write(file, new LayerErofsTree(Images.index(tar)));
        return file;
    }

    private static byte[] small() {
        return tarOf(dir("d"), file("d/f", "x".repeat(5000)), opaque("d"), whiteout("w"), file("empty", ""));
    }

    private static ErrorKind kindOf(Path file) {
        return Images.refused(() -> ErofsImage.verify(file)).kind();
    }

    /// What this program writes today it writes tomorrow: images on disk are compared by their bytes. After
    /// a change of the layout, raise [ErofsFormat#VERSION] and put the new digests here.
    @Test
    void theSameIndexIsTheSameBytesOnEveryMachine() throws IOException {
        assertThat(Digest.sha256(Files.readAllBytes(write(small()))).hex())
                .isEqualTo("cc8ee4352dcc180bf6fdfc65b7afc6e560e558e8743088cc59b1591ef82c709a");
        assertThat(Digest.sha256(Files.readAllBytes(write(Images.everything()))).hex())
                .isEqualTo("9d155135cc04ef540b75cdcceaf28ad4772d6d4a116de1347e66c0d488357fec");
    }

    @Test
    void anImageSaysOfWhatItWasMadeAndWhatItNeeds() throws IOException {
        LayerIndex index = Images.index(small());
        Path file = scratch.resolve("meta");
        ErofsHeader written = ErofsImage.write(file, new LayerErofsTree(index));
        assertThat(ErofsImage.verify(file)).isEqualTo(ErofsImage.header(file)).isEqualTo(written);
        assertThat(written.identity()).isEqualTo(index.layer());
        assertThat(written.inodes()).isEqualTo(index.inodeCount());
        assertThat(written.bytes()).isEqualTo(Files.size(file));
        assertThat(written.devices())
                .containsExactly(new ErofsDevice(index.layer().hex(), index.flatSize() / 4096));
    }

    @Test
    void anImageTakesThePlaceOfAnotherAndLeavesNothingBeside() throws IOException {
        Files.writeString(scratch.resolve("meta"), "an old one");
        ErofsImage.verify(write(small()));
        try (var beside = Files.list(scratch)) {
            assertThat(beside).containsExactly(scratch.resolve("meta"));
        }
    }

    @Test
    void everyFlippedBitIsFound() throws IOException {
        Path file = write(small());
        byte[] bytes = Files.readAllBytes(file);
        Random random = new Random(3);
        for (int at = 0; at < bytes.length; at += bytes[at] == 0 ? 7 : 1) {
            byte[] flipped = bytes.clone();
            flipped[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, flipped);
            assertThat(kindOf(file))
                    .as("byte %d flipped", at)
                    .isIn(at >= 40 && at < 44 ? ErrorKind.UNSUPPORTED : ErrorKind.CORRUPT);
        }
        Files.write(file, bytes);
        ErofsImage.verify(file);
    }

    @Test
    void everyTruncatedOrLongerImageIsFound() throws IOException {
        Path file = write(small());
        byte[] bytes = Files.readAllBytes(file);
        for (int length = 0; length < bytes.length; length += length < 1300 ? 1 : 97) {
            Files.write(file, Arrays.copyOf(bytes, length));
            assertThat(kindOf(file)).as("%d bytes", length).isEqualTo(ErrorKind.CORRUPT);
        }
        Files.write(file, Arrays.copyOf(bytes, bytes.length + 4096));
        assertThat(kindOf(file)).isEqualTo(ErrorKind.CORRUPT);
    }

    @Test
    void anImageOfAnotherVersionIsUnsupportedAndNoneIsNotFound() throws IOException {
        Path file = write(small());
        byte[] bytes = Files.readAllBytes(file);
        bytes[ErofsFormat.BOOT_VERSION]++;
        Files.write(file, bytes);
        assertThatThrownBy(() -> ErofsImage.verify(file))
                .hasMessageContaining("version 3; this program reads version 2")
                .hasMessageContaining(file.toString());
        assertThat(kindOf(scratch.resolve("none"))).isEqualTo(ErrorKind.NOT_FOUND);
    }

    @Test
    void anImageThatCannotBeWrittenIsSaid() {
        assertThatThrownBy(() ->
                        ErofsImage.write(scratch.resolve("no/such/meta"), new LayerErofsTree(Images.index(small()))))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("cannot write the EROFS image");
    }
}
