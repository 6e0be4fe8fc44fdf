package io.lighterage.stargz.tar;

import static io.lighterage.stargz.tar.Tars.charDevice;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.Sources;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TarWriterTest {
    @Test
    void plainEntriesNeedNoExtendedHeader() {
        assertThat(tarOf(
                        dir("d"),
                        file("d/a", "x").time(1, 0).owner(2097151, 0),
                        symlink("l".repeat(100), "t".repeat(100))))
                .hasSize(512 + 1024 + 512 + 1024);
        assertThat(tarOf(file("d".repeat(155) + "/" + "f".repeat(100), ""))).hasSize(512 + 1024);
    }

    @Test
    void whatUstarCannotHoldTakesAnExtendedHeader() {
        for (Tars.Entry entry : List.of(
                file("n".repeat(101), ""),
                file("ü", ""),
                symlink("l", "t".repeat(101)),
                symlink("l", "ü"),
                file("a", "").owner(2097152, 0),
                file("a", "").time(-1, 0),
                file("a", "").time(1L << 33, 0),
                file("a", "").time(1, 1),
                file("a", "").xattr("user.a", ""))) {
            byte[] archive = tarOf(entry);
            assertThat(archive).hasSize(3 * 512 + 1024);
            assertThat((char) archive[TarFormat.TYPE]).isEqualTo('x');
            assertThat(new TarReader(Sources.of(archive)).next()).isEqualTo(entry.entry());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 500000000, 1.5",
        "-2, 500000000, -1.5",
        "-1, 999999999, -0.000000001",
        "-7, 0, -7",
        "0, 1, 0.000000001"
    })
    void timesAreDecimal(long seconds, int nanos, String expected) {
        assertThat(TarEncoder.decimal(seconds, nanos)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 20261123, 77})
    void whatIsWrittenIsReadBack(long seed) throws IOException {
        Random random = new Random(seed);
        List<TarEntry> written = new ArrayList<>();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TarWriter writer = new TarWriter(out);
        for (int i = 0; i < 500; i++) {
            TarEntry entry = randomEntry(random);
            written.add(entry);
            writer.begin(entry);
            for (long left = entry.size(); left > 0; ) {
                int piece = 1 + random.nextInt((int) left);
                writer.write(ByteBuffer.allocate(piece));
                left -= piece;
            }
        }
        writer.finish();
        assertThat(writer.position()).isEqualTo(out.size());
        TarReader reader = new TarReader(Sources.of(out.toByteArray(), 1 + random.nextInt(2000)));
        for (TarEntry entry : written) {
            assertThat(reader.next()).as("seed %d", seed).isEqualTo(entry);
        }
        assertThat(reader.next()).isNull();
    }

    private static TarEntry randomEntry(Random random) {
        TarEntry.Type type = List.of(TarEntry.Type.values()).get(random.nextInt(TarEntry.Type.values().length));
        boolean link = type == TarEntry.Type.SYMLINK || type == TarEntry.Type.HARD_LINK;
        boolean device = type == TarEntry.Type.CHARACTER_DEVICE || type == TarEntry.Type.BLOCK_DEVICE;
        Map<RawName, RawName> xattrs = new LinkedHashMap<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            byte[] value = new byte[random.nextInt(200)];
            random.nextBytes(value);
            xattrs.put(RawName.of("user." + i), RawName.of(value));
        }
        return new TarEntry(
                randomName(random),
                type,
                link ? randomName(random) : RawName.EMPTY,
                random.nextInt(010000),
                random.nextBoolean() ? random.nextInt(1000) : random.nextLong(TarFormat.MAX_ID + 1),
                random.nextBoolean() ? random.nextInt(1000) : random.nextLong(TarFormat.MAX_ID + 1),
                type == TarEntry.Type.REGULAR ? random.nextInt(3000) : 0,
                random.nextBoolean() ? random.nextInt() : random.nextLong() / 2,
                random.nextBoolean() ? 0 : random.nextInt(1_000_000_000),
                device ? random.nextInt(1 << 21) : 0,
                device ? random.nextInt(1 << 21) : 0,
                xattrs,
                List.of());
    }

    private static RawName randomName(Random random) {
        byte[] name = new byte[1 + random.nextInt(random.nextBoolean() ? 90 : 300)];
        boolean ascii = random.nextBoolean();
        for (int i = 0; i < name.length; i++) {
            int b = random.nextInt(1, 256);
            name[i] = (byte) (random.nextInt(20) == 0 ? '/' : ascii ? 'a' + b % 26 : b);
        }
        return RawName.of(name);
    }

    @Test
    void pythonReadsWhatIsWritten(@TempDir Path scratch) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "needs python3");
        byte[] archive = tarOf(
                dir("d"),
                file("d/" + "n".repeat(300), "x").owner(3_000_000_000L, 5).time(-2, 500_000_000),
                file("ü\n", "y").xattr("user.a", "b=c\n").xattr("security.b", new byte[0]),
                symlink("l", "ü".repeat(90)),
                charDevice("c", 1, 1048575));
        Path path = Files.write(scratch.resolve("a.tar"), archive);
        assertThat(Listing.ours(Sources.of(archive))).isEqualTo(Listing.pythons(path, scratch));
    }

    @Test
    void payloadsMustHaveTheSizeTheyWereSaidToHave() throws IOException {
        TarWriter writer = new TarWriter(new ByteArrayOutputStream());
        writer.begin(file("a", "abc").entry());
        assertThatThrownBy(() -> writer.write(ByteBuffer.allocate(4)))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("4 bytes given; expected at most 3");
        writer.write(ByteBuffer.allocate(2));
        assertThatThrownBy(writer::finish).isInstanceOf(ImageException.class).hasMessageContaining("1 bytes more");
    }

    @Test
    void whatTarCannotHoldIsRefused() {
        assertThatThrownBy(() -> tarOf(file("a", "").xattr("user.a=b", "c")))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("without '='");
        assertThatThrownBy(() -> tarOf(charDevice("c", 1 << 21, 0)))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("2097152:0");
        assertThatThrownBy(() -> tarOf(file("a", "").xattr("user.a", new byte[1 << 20])))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("at most 1048576");
    }
}
