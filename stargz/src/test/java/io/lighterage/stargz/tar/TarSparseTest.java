package io.lighterage.stargz.tar;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.header;
import static io.lighterage.stargz.tar.Tars.pax;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.Sources;
import io.lighterage.stargz.tar.TarEntry.Segment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TarSparseTest {
    private static TarEntry first(TarReader reader) {
        return Objects.requireNonNull(reader.next());
    }

    private static void assertInvalid(String part, Tars.Item... items) {
        assertThatThrownBy(() -> first(new TarReader(Sources.of(tarOf(items)))))
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContaining(part);
    }

    private static RawHeader gnuSparse(String... pairsAndSize) {
        RawHeader header = header("s", 'S').gnu();
        for (int i = 0; i < pairsAndSize.length - 1; i++) {
            header.text(TarFormat.GNU_SPARSE + 12 * i, octal(pairsAndSize[i]));
        }
        return header.text(TarFormat.GNU_REAL_SIZE, octal(pairsAndSize[pairsAndSize.length - 1]));
    }

    /// An extended header of records `GNU.sparse.key=value`, written `key=value` with spaces between.
    private static Tars.Item gnuPax(String records) {
        return pax(Stream.of(records.split(" "))
                .flatMap(
                        r -> Stream.of("GNU.sparse." + r.substring(0, r.indexOf('=')), r.substring(r.indexOf('=') + 1)))
                .toArray(String[]::new));
    }

    private static String octal(String decimal) {
        return String.format("%011o\0", Long.parseLong(decimal));
    }

    @Test
    void piecesBelongToTheSegmentsInOrder() {
        TarReader reader = new TarReader(Sources.of(
                tarOf(gnuSparse("10", "3", "100", "0", "1000", "4", "5000").payload("abcdefg"), file("b", "x"))));
        TarEntry entry = first(reader);
        assertThat(entry.size()).isEqualTo(5000);
        assertThat(entry.sparse()).containsExactly(new Segment(10, 3), new Segment(1000, 4));
        List<String> pieces = new ArrayList<>();
        for (ByteBuffer piece = reader.payload(); piece != null; piece = reader.payload()) {
            pieces.add(reader.payloadOffset() + "+" + piece.remaining());
        }
        assertThat(pieces).containsExactly("10+3", "1000+4");
        assertThat(first(reader).name()).hasToString("b");
    }

    @Test
    void aFileThatIsOneHoleHasOneEmptySegment() {
        for (Tars.Item[] items : List.of(
                new Tars.Item[] {gnuSparse("5000")},
                new Tars.Item[] {
                    pax(
                            "GNU.sparse.major",
                            "0",
                            "GNU.sparse.minor",
                            "1",
                            "GNU.sparse.size",
                            "5000",
                            "GNU.sparse.map",
                            ""),
                    file("s", "")
                },
                new Tars.Item[] {
                    pax("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "5000"),
                    file("s", "0\n" + "\0".repeat(510))
                })) {
            TarReader reader = new TarReader(Sources.of(tarOf(items)));
            TarEntry entry = first(reader);
            assertThat(entry.sparse()).containsExactly(new Segment(5000, 0));
            assertThat(entry.size()).isEqualTo(5000);
            assertThat(reader.payload()).isNull();
            assertThat(reader.next()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0", "0.1", "1.0", "unsaid"})
    void paxVersionsAreRead(String version) {
        Tars.Item header = switch (version) {
            case "0.0" ->
                gnuPax("major=0 minor=0 size=99 numblocks=2 offset=5 numbytes=1 offset=50 numbytes=2 name=real");
            case "0.1" -> gnuPax("major=0 minor=1 size=99 map=5,1,50,2 name=real");
            case "1.0" -> gnuPax("major=1 minor=0 realsize=99 name=real");
            default -> gnuPax("size=99 map=5,1,50,2 name=real");
        };
        String map = "2\n5\n1\n50\n2\n";
        String payload = (version.equals("1.0") ? map + "\0".repeat(512 - map.length()) : "") + "xyz";
        TarEntry entry = first(new TarReader(Sources.of(tarOf(header, file("placeholder", payload)))));
        assertThat(entry.name()).hasToString("real");
        assertThat(entry.size()).isEqualTo(99);
        assertThat(entry.sparse()).containsExactly(new Segment(5, 1), new Segment(50, 2));
    }

    @Test
    void mapsThatLieAreInvalid() {
        assertInvalid(
                "it to begin at 13", gnuSparse("10", "3", "12", "1", "5000").payload("abcd"));
        assertInvalid("within the file's 12 bytes", gnuSparse("10", "3", "12").payload("abc"));
        assertInvalid(
                "hold 3 bytes; expected the 4", gnuSparse("10", "3", "5000").payload("abcd"));
        assertInvalid(
                "hold 3 bytes; expected the 2", gnuSparse("10", "3", "5000").payload("ab"));
        assertInvalid("without GNU's magic", header("s", 'S'));
        assertInvalid(
                "within the file's",
                pax(
                        "GNU.sparse.size",
                        "9223372036854775807",
                        "GNU.sparse.map",
                        "9223372036854775807,9223372036854775807"),
                file("s", ""));
        assertInvalid("ends with an offset", pax("GNU.sparse.size", "9", "GNU.sparse.map", "1"), file("s", ""));
        assertInvalid("decimal number", pax("GNU.sparse.size", "9", "GNU.sparse.map", "1,,1"), file("s", ""));
        assertInvalid("does not say its size", pax("GNU.sparse.map", "1,1"), file("s", "x"));
        assertInvalid(
                "in turns",
                pax("GNU.sparse.size", "9", "GNU.sparse.offset", "1", "GNU.sparse.offset", "2"),
                file("s", "x"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "x\n", "2\n1\n", "-1\n", "65537\n", "9999999999999999999999\n", "1\n1\n1"})
    void payloadMapsThatLieAreInvalid(String map) {
        assertInvalid(
                "sparse",
                pax("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "99"),
                file("s", map + "\0".repeat(512 - map.length())));
        assertInvalid(
                "sparse",
                pax("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "99"),
                file("s", map));
    }

    @Test
    void moreSegmentsThanTheLimitAreInvalid() {
        byte[] more = new byte[512];
        for (int i = 0; i < 2 * TarFormat.GNU_MORE_PAIRS; i++) {
            System.arraycopy("00000000000\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII), 0, more, 12 * i, 12);
        }
        more[TarFormat.GNU_MORE_EXTENDED] = 1;
        Tars.Item[] items = new Tars.Item[5000];
        java.util.Arrays.fill(items, Tars.raw(more));
        items[0] = gnuSparse("0", "0", "0", "0", "0", "0", "0", "0", "5000").text(TarFormat.GNU_EXTENDED, "\u0001");
        assertInvalid("the limit is 65536", items);
    }
}
