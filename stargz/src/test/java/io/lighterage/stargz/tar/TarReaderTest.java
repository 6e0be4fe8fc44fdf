package io.lighterage.stargz.tar;

import static io.lighterage.stargz.tar.Tars.blockDevice;
import static io.lighterage.stargz.tar.Tars.charDevice;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.fifo;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.header;
import static io.lighterage.stargz.tar.Tars.pax;
import static io.lighterage.stargz.tar.Tars.paxGlobal;
import static io.lighterage.stargz.tar.Tars.raw;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.unterminated;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.stargz.RawName;
import io.lighterage.stargz.Sources;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TarReaderTest {
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

    private static TarEntry only(Tars.Item... items) {
        List<TarEntry> entries = entries(tarOf(items));
        assertThat(entries).hasSize(1);
        return entries.getFirst();
    }

    private static String content(TarReader reader) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (ByteBuffer piece = reader.payload(); piece != null; piece = reader.payload()) {
            assertThat(piece.isDirect()).isTrue();
            while (piece.hasRemaining()) {
                out.write(piece.get());
            }
        }
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    @Test
    void everyTypeIsRead() {
        List<TarEntry> entries = entries(tarOf(
                dir("d"),
                file("d/a", "x").mode(04755).owner(1, 2).time(3, 4).xattr("user.k", "v"),
                symlink("b", "a"),
                hardlink("c", "d/a"),
                fifo("p"),
                charDevice("n", 1, 3),
                blockDevice("s", 8, 1),
                whiteout("d/e")));
        assertThat(entries)
                .extracting(TarEntry::type)
                .containsExactly(
                        TarEntry.Type.DIRECTORY,
                        TarEntry.Type.REGULAR,
                        TarEntry.Type.SYMLINK,
                        TarEntry.Type.HARD_LINK,
                        TarEntry.Type.FIFO,
                        TarEntry.Type.CHARACTER_DEVICE,
                        TarEntry.Type.BLOCK_DEVICE,
                        TarEntry.Type.REGULAR);
        assertThat(entries.get(1))
                .isEqualTo(new TarEntry(
                        RawName.of("d/a"),
                        TarEntry.Type.REGULAR,
                        RawName.EMPTY,
                        04755,
                        1,
                        2,
                        1,
                        3,
                        4,
                        0,
                        0,
                        Map.of(RawName.of("user.k"), RawName.of("v")),
                        List.of()));
        assertThat(entries.get(2).linkName()).hasToString("a");
        assertThat(entries.get(6).deviceMajor()).isEqualTo(8);
        assertThat(entries.get(7).name()).hasToString("d/.wh.e");
    }

    @Test
    void payloadIsHandedOutOrPassedOver() {
        TarReader reader = new TarReader(
                Sources.of(tarOf(file("a", "1".repeat(1000)), file("b", "2"), file("c", "3".repeat(512)))));
        reader.next();
        assertThat(Objects.requireNonNull(reader.payload()).remaining()).isEqualTo(1000);
        assertThat(reader.payload()).isNull();
        reader.next();
        reader.next();
        assertThat(content(reader)).isEqualTo("3".repeat(512));
        assertThat(reader.next()).isNull();
        assertThat(reader.payload()).isNull();
        assertThat(reader.next()).isNull();
    }

    @Test
    void theOldTypeIsAFileOrWithATrailingSlashADirectory() {
        assertThat(only(header("a", '\0').old().payload("x")))
                .extracting(TarEntry::type, TarEntry::size)
                .containsExactly(TarEntry.Type.REGULAR, 1L);
        assertThat(only(header("a/", '\0').old()).type()).isEqualTo(TarEntry.Type.DIRECTORY);
        assertThat(only(header("a", '7').payload("x")).type()).isEqualTo(TarEntry.Type.REGULAR);
    }

    @ParameterizedTest
    @ValueSource(chars = {'1', '2', '3', '4', '5', '6'})
    void linksDevicesDirectoriesAndFifosHaveNoPayloadWhateverTheirSizeSays(char type) {
        List<TarEntry> entries = entries(tarOf(header("a", type).link("x").size(1 << 20), file("b", "")));
        assertThat(entries).extracting(e -> e.name().toString()).containsExactly("a", "b");
        assertThat(entries.getFirst().size()).isZero();
    }

    @Test
    void prefixAndNameAreJoinedForPosixAndStarOnly() {
        String prefix = "p".repeat(155);
        assertThat(only(header("n", '0').text(TarFormat.PREFIX, prefix)).name()).hasToString(prefix + "/n");
        assertThat(only(header("n", '0').text(TarFormat.PREFIX, prefix).text(TarFormat.STAR_TRAILER, "tar\0"))
                        .name())
                .hasToString("p".repeat(131) + "/n");
        assertThat(only(header("n", '0').old().text(TarFormat.PREFIX, prefix)).name())
                .hasToString("n");
        assertThat(only(header("n", '0').gnu().text(TarFormat.GNU_ATIME, "12345670123\00012345670123\0"))
                        .name())
                .hasToString("n");
    }

    @Test
    void aPrefixWhereGnuHasTimesIsTakenAsOneSinceGoOnceWroteSo() {
        assertThat(only(header("n", '0').gnu().text(TarFormat.PREFIX, "usr/share"))
                        .name())
                .hasToString("usr/share/n");
    }

    @Test
    void gnuLongNamesApplyToTheNextEntryOnly() {
        String name = "n".repeat(300);
        String link = "l".repeat(300);
        List<TarEntry> entries = entries(tarOf(
                header("././@LongLink", 'K').gnu().payload(link + "\0"),
                header("././@LongLink", 'L').gnu().payload(name + "\0junk"),
                header("short", '2').gnu().link("short"),
                file("next", "")));
        assertThat(entries.getFirst().name()).hasToString(name);
        assertThat(entries.getFirst().linkName()).hasToString(link);
        assertThat(entries.get(1).name()).hasToString("next");
    }

    @Test
    void paxRecordsOverrideTheHeaderAndApplyToTheNextEntryOnly() {
        List<TarEntry> entries = entries(tarOf(
                pax(
                        "path",
                        "long",
                        "uid",
                        "4294967294",
                        "gid",
                        "7",
                        "size",
                        "3",
                        "mtime",
                        "1.5",
                        "comment",
                        "\n=",
                        "SCHILY.xattr.user.a",
                        "x=y\n",
                        "SCHILY.xattr.user.b",
                        ""),
                header("n", '0').size(1).payload("abc"),
                file("next", "")));
        TarEntry entry = entries.getFirst();
        assertThat(entry.name()).hasToString("long");
        assertThat(entry.uid()).isEqualTo(4294967294L);
        assertThat(entry.gid()).isEqualTo(7);
        assertThat(entry.size()).isEqualTo(3);
        assertThat(entry.modifyNanos()).isEqualTo(500_000_000);
        assertThat(entry.xattrs())
                .isEqualTo(Map.of(RawName.of("user.a"), RawName.of("x=y\n"), RawName.of("user.b"), RawName.EMPTY));
        assertThat(entries.get(1).uid()).isZero();
        assertThat(entries.get(1).xattrs()).isEmpty();
    }

    @Test
    void anEmptyPaxValueLeavesTheHeadersOwn() {
        TarEntry entry = only(
                pax("path", "x", "path", "", "mtime", "5", "mtime", "", "uid", "", "linkpath", ""),
                symlink("own", "target").time(9, 0).owner(3, 4));
        assertThat(entry.name()).hasToString("own");
        assertThat(entry.linkName()).hasToString("target");
        assertThat(entry.modifySeconds()).isEqualTo(9);
        assertThat(entry.uid()).isEqualTo(3);
    }

    @Test
    void globalHeadersAndVolumeLabelsArePassedOver() {
        TarEntry entry = only(
                paxGlobal("path", "everything", "uid", "9"),
                header("label", 'V').gnu(),
                pax("uid", "5"),
                paxGlobal("uid", "9"),
                file("a", ""));
        assertThat(entry.name()).hasToString("a");
        assertThat(entry.uid()).isEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0",
        "1.5, 1, 500000000",
        "-1.5, -2, 500000000",
        "-0.000000001, -1, 999999999",
        "-0.0, 0, 0",
        "-7, -7, 0",
        "12.1234567899, 12, 123456789",
        "12., 12, 0",
    })
    void paxTimesAreExact(String text, long seconds, int nanos) {
        TarEntry entry = only(pax("mtime", text), file("a", ""));
        assertThat(entry.modifySeconds()).isEqualTo(seconds);
        assertThat(entry.modifyNanos()).isEqualTo(nanos);
    }

    @Test
    void numbersMayBeBase256() {
        assertThat(only(header("a", '0').text(TarFormat.UID, "\u0080\0\0\0\u00ff\u00ff\u00ff\u00fe"))
                        .uid())
                .isEqualTo(4294967294L);
        assertThat(only(header("a", '0').text(TarFormat.MTIME, "\u00ff".repeat(11) + "\u00fe"))
                        .modifySeconds())
                .isEqualTo(-2);
        assertThat(only(header("a", '1').text(TarFormat.SIZE, "\u0080\0\0\0\u007f" + "\u00ff".repeat(7)))
                        .size())
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"   644 \0", "0000644", "644\0zzzz", "644     ", "\0\000644\0\0", " 0644\0\0\0"})
    void octalNumbersMayBePaddedAsWritersPleased(String mode) {
        assertThat(only(header("a", '0').text(TarFormat.MODE, mode)).mode()).isEqualTo(0644);
    }

    @Test
    void theModeKeepsPermissionBitsOnly() {
        assertThat(only(header("a", '0').text(TarFormat.MODE, "0104755\0")).mode())
                .isEqualTo(04755);
    }

    @Test
    void namesAreBytes() {
        byte[] name = {'a', (byte) 0xff, '\n', (byte) 0xc3};
        assertThat(only(file("x", "").name(name)).name()).isEqualTo(RawName.of(name));
    }

    @Test
    void checksumsMaySumSignedBytes() {
        assertThat(only(header("\u00e9\u00ff", '0').signedChecksum()).name().length())
                .isEqualTo(2);
    }

    @Test
    void theEndBlocksMayBeMissing() {
        byte[] archive = unterminated(file("a", "x"), file("b", "y"));
        assertThat(entries(archive)).hasSize(2);
        assertThat(entries(unterminated(file("a", "x"), raw(new byte[512])))).hasSize(1);
        assertThat(entries(new byte[0])).isEmpty();
        // the last file's padding as well
        assertThat(entries(java.util.Arrays.copyOf(archive, archive.length - 300)))
                .hasSize(2);
    }

    @Test
    void whatFollowsTheEndIsReadAndMeansNothing() {
        assertThat(entries(tarOf(file("a", "x"), raw(new byte[1024]), file("b", "y"), raw(new byte[10000]))))
                .hasSize(1);
    }
}
