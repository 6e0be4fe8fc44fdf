package io.lighterage.stargz.tar;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.header;
import static io.lighterage.stargz.tar.Tars.pax;
import static io.lighterage.stargz.tar.Tars.raw;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.unterminated;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.Sources;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the reader refuses, as which kind, and that the message says where.
class TarReaderRefusalTest {
    private static List<TarEntry> entries(byte[] archive) {
        TarReader reader = new TarReader(Sources.of(archive, 700));
        List<TarEntry> entries = new ArrayList<>();
        for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
            entries.add(entry);
        }
        reader.drain();
        assertThat(reader.position()).isEqualTo(archive.length);
        return entries;
    }

    private static void assertFails(ErrorKind kind, String part, Tars.Item... items) {
        assertFails(kind, part, tarOf(items));
    }

    private static void assertFails(ErrorKind kind, String part, byte[] archive) {
        assertThatThrownBy(() -> entries(archive))
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind))
                .hasMessageContaining(part);
    }

    @Test
    void aWrongChecksumIsCorruptAndNamesTheOffset() {
        assertFails(
                ErrorKind.CORRUPT,
                "at offset 1024",
                file("a", "x"),
                header("b", '0').checksumError(1));
        assertFails(ErrorKind.CORRUPT, "at offset 0", raw("z".repeat(2048).getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void aLoneZeroBlockIsCorrupt() {
        assertFails(
                ErrorKind.CORRUPT,
                "lone zero block stands at offset 1024",
                file("a", "x"),
                raw(new byte[512]),
                file("b", ""));
    }

    @ParameterizedTest
    @ValueSource(chars = {'M', 'D', 'N', 'A', 'X', 'z', '8', '\u00ff'})
    void typesThatMakeNoFileAreUnsupported(char type) {
        assertFails(ErrorKind.UNSUPPORTED, "at offset 1024", file("a", "x"), header("b", type));
    }

    @Test
    void nonsenseInNumbersIsInvalid() {
        assertFails(
                ErrorKind.INVALID, "mode is '0000648\\x00'", header("a", '0').text(TarFormat.MODE, "0000648\0"));
        assertFails(ErrorKind.INVALID, "uid is '1 2", header("a", '0').text(TarFormat.UID, "1 2\0"));
        assertFails(ErrorKind.INVALID, "size is -1", header("a", '0').text(TarFormat.SIZE, "\u00ff".repeat(12)));
        assertFails(
                ErrorKind.INVALID, "mtime is '", header("a", '0').text(TarFormat.MTIME, "\u0081" + "\0".repeat(11)));
        assertFails(ErrorKind.INVALID, "uid is -1", header("a", '0').text(TarFormat.UID, "\u00ff".repeat(8)));
        assertFails(
                ErrorKind.INVALID,
                "devmajor is 4294967296",
                header("a", '3').text(TarFormat.DEVICE_MAJOR, "\u0080\0\0\u0001\0\0\0\0"));
        assertFails(
                ErrorKind.INVALID, "size is 9223372036854775807", pax("size", "9223372036854775807"), file("a", ""));
    }

    @Test
    void ownersOutside32BitsAreInvalid() {
        assertFails(ErrorKind.INVALID, "uid is 4294967295", pax("uid", "4294967295"), file("a", ""));
        assertFails(ErrorKind.INVALID, "record gid is '-1'", pax("gid", "-1"), file("a", ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5",
                "5 ",
                "x a=b\n",
                "6 a=bc\n",
                "7 a=b\n",
                "4 =\n",
                "5 =b\n",
                "6 abc\n",
                "0 a=b\n",
                "-6 a=b\n",
                "99999999999999999999 a=b\n",
                "999 a=b\n",
                "6 a=b\n\n",
                " 6 a=b\n",
                "06 a=b\n!"
            })
    void malformedPaxRecordsAreInvalid(String payload) {
        assertFails(ErrorKind.INVALID, "record at byte", header("pax", 'x').payload(payload), file("a", ""));
    }

    @Test
    void nulInNamesIsInvalid() {
        assertFails(ErrorKind.INVALID, "record path", pax("path", "a\0b"), file("a", ""));
        assertFails(ErrorKind.INVALID, "record linkpath", pax("linkpath", "a\0b"), symlink("a", "b"));
        assertFails(ErrorKind.INVALID, "without NUL", pax("SCHILY.xattr.user.\0", "b"), file("a", ""));
        assertFails(ErrorKind.INVALID, "1 byte or more", pax("SCHILY.xattr.", "b"), file("a", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "1.x", "-", ".", "1.2.3", "99999999999999999999", "1e9", "+1"})
    void malformedPaxTimesAreInvalid(String text) {
        assertFails(ErrorKind.INVALID, "mtime", pax("mtime", text), file("a", ""));
    }

    @Test
    void anExtendedHeaderAboveTheLimitIsInvalidBeforeItIsRead() {
        assertFails(ErrorKind.INVALID, "at most 1048576", header("p", 'x').size(1L << 30));
        assertFails(ErrorKind.INVALID, "at most 1048576", header("p", 'L').size((1 << 20) + 1));
    }

    @Test
    void anExtendedHeaderWithoutItsEntryIsCorrupt() {
        assertFails(ErrorKind.CORRUPT, "after an extended header", pax("path", "x"));
        assertFails(ErrorKind.CORRUPT, "after an extended header", unterminated(pax("path", "x")));
    }

    @Test
    void aMillionEntriesAreTheLimit() {
        byte[] block = unterminated(file("a", ""));
        int[] count = {0};
        TarReader reader = new TarReader(new io.lighterage.stargz.ByteSource() {
            private final ByteBuffer direct =
                    ByteBuffer.allocateDirect(block.length).put(block);

            @Override
            public ByteBuffer next() {
                count[0]++;
                return direct.clear();
            }

            @Override
            public void close() {}
        });
        assertThatThrownBy(() -> {
                    while (reader.next() != null) {
                        // an endless archive
                    }
                })
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("at most 1000000");
        assertThat(count[0]).isEqualTo(TarFormat.MAX_ENTRIES + 1);
    }

    @Test
    void hostileNamesDoNotFillTheMessage() {
        String name = "\u0001".repeat(100_000);
        for (Tars.Item[] items : List.of(
                new Tars.Item[] {pax("path", name), header("x", 'M')},
                new Tars.Item[] {pax("mtime", name), file("x", "")},
                new Tars.Item[] {pax("SCHILY.xattr." + name + "\0", ""), file("x", "")})) {
            assertThatThrownBy(() -> entries(tarOf(items)))
                    .isInstanceOfSatisfying(
                            ImageException.class,
                            e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
        }
    }
}
