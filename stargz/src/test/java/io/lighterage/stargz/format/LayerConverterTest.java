package io.lighterage.stargz.format;

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

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.Sources;
import io.lighterage.stargz.tar.Listing;
import io.lighterage.stargz.tar.Tars;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LayerConverterTest {
    private static final int SMALL_CHUNK = 4096;

    @TempDir
    Path folder;

    /// One of everything, with files around the borders of blocks and chunks.
    static byte[] oneOfEverything() {
        Random random = new Random(17);
        List<Tars.Item> items = new ArrayList<>(List.of(
                dir("./"),
                dir("./etc").mode(0750).owner(3, 70000).time(1_700_000_000, 123_456_789),
                file("./etc/empty", "").time(-5, 0),
                file("./etc/suid", "#!").mode(04755).xattr("security.capability", new byte[] {1, 0, 0, 2, -1}),
                symlink("./etc/link", "../ünïcödé/" + "x".repeat(200)),
                hardlink("./etc/hard", "etc/suid"),
                hardlink("./etc/harder", "./etc/hard"),
                charDevice("./null", 1, 3),
                blockDevice("./disk", 8, 70000),
                fifo("./pipe"),
                whiteout("etc/gone"),
                opaque("etc"),
                file("ünïcödé/" + "n".repeat(150), "long"),
                file("zeros", new byte[5 * SMALL_CHUNK + 1])));
        for (int size : new int[] {1, 511, 512, 513, 4095, 4096, 4097, 8192, 12289, 100_000, 3_000_000}) {
            byte[] content = new byte[size];
            random.nextBytes(content);
            items.add(file("files/" + size, content));
        }
        return tarOf(items.toArray(Tars.Item[]::new));
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void everyEntryComesBackAsItWas(LayerForm form) {
        byte[] tar = oneOfEverything();
        for (int chunk : new int[] {SMALL_CHUNK, 65536, CompressionPool.DEFAULT_CHUNK}) {
            Conversion made = Conversion.of(tar, form, chunk, "", folder);
            assertThat(made.listing()).isEqualTo(Listing.ours(Sources.of(tar)));
            assertThat(made.tarDigest()).isEqualTo(made.layer().diffId());
            assertThat(made.layer().sourceDiffId()).isEqualTo(Digest.sha256(tar));
            assertThat(made.layer().digest()).isEqualTo(Digest.sha256(made.bytes()));
            assertThat(made.layer().size()).isEqualTo(made.bytes().length);
        }
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void theSameInputGivesTheSameBytesHoweverManyThreadsThereAre(LayerForm form) {
        byte[] tar = oneOfEverything();
        Conversion one = Conversion.of(tar, form, SMALL_CHUNK, "", folder, 1, 2);
        Conversion many = Conversion.of(tar, form, SMALL_CHUNK, "", folder, 7, 9);
        assertThat(many.layer()).isEqualTo(one.layer());
        Conversion first = Conversion.of(tar, form, SMALL_CHUNK, "files/513\npipe", folder, 1, 2);
        Conversion second = Conversion.of(tar, form, SMALL_CHUNK, "/files/513\n\n# comment\npipe\n", folder, 7, 9);
        assertThat(second.layer()).isEqualTo(first.layer());
    }

    @Test
    void whatIsListedComesFirstAfterWhatItNeeds() {
        byte[] tar = tarOf(
                dir("a"),
                file("a/target", "t"),
                dir("b"),
                dir("b/c"),
                file("b/c/deep", "d"),
                hardlink("b/link", "a/target"),
                file("stargz.index.json", "{}"),
                file(".prefetch.landmark", "\u000f"),
                file("z", "z"));
        Conversion made = Conversion.of(
                tar, LayerForm.ESTARGZ, SMALL_CHUNK, "/b/link\t0+1,5+6\nnot/here\nb/c/deep\nb/link\n", folder);
        assertThat(made.names())
                .containsExactly(
                        "a",
                        "a/target",
                        "b",
                        "b/link",
                        "b/c",
                        "b/c/deep",
                        ".prefetch.landmark",
                        "z",
                        "stargz.index.json");
        assertThat(Conversion.of(tar, LayerForm.ESTARGZ, SMALL_CHUNK, "", folder)
                        .names()
                        .getFirst())
                .isEqualTo(".no.prefetch.landmark");
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void ofAPathThatOccursTwiceTheLastEntryCounts(LayerForm form) {
        byte[] tar = tarOf(file("a", "old"), file("b", "b"), file("./a", "new"), dir("d"), file("c", "c"), dir("d/"));
        Conversion made = Conversion.of(tar, form, SMALL_CHUNK, "", folder);
        assertThat(made.listing())
                .isEqualTo(
                        Listing.ours(Sources.of(tarOf(file("b", "b"), file("./a", "new"), file("c", "c"), dir("d/")))));
        assertThat(made.layer().sourceDiffId()).isEqualTo(Digest.sha256(tar));
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void aNameThatIsNotUtf8IsRefusedByName(LayerForm form) {
        byte[] tar = tarOf(file("fine", "x"), file("x", "y").name(new byte[] {'l', (byte) 0xe9}));
        assertThatThrownBy(() -> Conversion.of(tar, form, SMALL_CHUNK, "", folder))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContaining("l\\xe9")
                .hasMessageContaining("UTF-8");
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void aLinkToAFileOfAnotherLayerIsRefusedByName(LayerForm form) {
        assertRefused(form, tarOf(hardlink("b", "below")), "'b'", "'below'");
    }

    @Test
    void aFileThatReplacesWhatTheLayerLinkedToIsRefusedByName() {
        assertRefused(LayerForm.ESTARGZ, tarOf(file("a", "1"), hardlink("b", "a"), file("a", "2")), "'a'");
        assertRefused(LayerForm.ESTARGZ, tarOf(dir("a"), file("a/b", "1"), file("a", "2")), "'a'");
    }

    private void assertRefused(LayerForm form, byte[] tar, String... words) {
        assertThatThrownBy(() -> Conversion.of(tar, form, SMALL_CHUNK, "", folder))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
                .hasMessageContainingAll(words);
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void anEmptyLayerConverts(LayerForm form) {
        for (byte[] tar : List.of(tarOf(), new byte[0])) {
            Conversion made = Conversion.of(tar, form, SMALL_CHUNK, "", folder);
            assertThat(made.listing()).isEmpty();
            assertThat(made.tarDigest()).isEqualTo(made.layer().diffId());
        }
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void aRunOfHeadersLongerThanAnyMemberConverts(LayerForm form) {
        byte[] tar = tarOf(IntStream.range(0, 8000)
                .mapToObj(i -> symlink("link-" + i, "t".repeat(300)))
                .toArray(Tars.Item[]::new));
        Conversion made = Conversion.of(tar, form, SMALL_CHUNK, "", folder);
        assertThat(made.listing()).isEqualTo(Listing.ours(Sources.of(tar)));
    }

    @Test
    void sparseFilesAreFilled() throws Exception {
        byte[] tar = tarOf(
                Tars.pax(
                        "GNU.sparse.major", "0",
                        "GNU.sparse.minor", "1",
                        "GNU.sparse.name", "holes",
                        "GNU.sparse.size", "20000",
                        "GNU.sparse.map", "5000,3,10000,2"),
                file("GNUSparseFile.0/holes", "abcde"));
        Conversion made = Conversion.of(tar, LayerForm.ESTARGZ, SMALL_CHUNK, "", folder);
        byte[] content = new byte[20000];
        System.arraycopy("abc".getBytes(StandardCharsets.US_ASCII), 0, content, 5000, 3);
        System.arraycopy("de".getBytes(StandardCharsets.US_ASCII), 0, content, 10000, 2);
        assertThat(made.listing()).isEqualTo(Listing.ours(Sources.of(tarOf(file("holes", content)))));
        try (var files = Files.list(folder)) {
            assertThat(files).as("no scratch file is left").containsExactly(made.file());
        }
    }

    @Test
    void aSparseFileOfExabytesIsRefused() {
        byte[] tar = tarOf(
                Tars.pax(
                        "GNU.sparse.major",
                        "0",
                        "GNU.sparse.minor",
                        "1",
                        "GNU.sparse.size",
                        "" + (1L << 60),
                        "GNU.sparse.map",
                        "" + ((1L << 60) - 1) + ",1"),
                file("holes", "a"));
        assertThatThrownBy(() -> Conversion.of(tar, LayerForm.ESTARGZ, SMALL_CHUNK, "", folder))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("holes");
    }

    @Test
    void aChunkSizeOutOfBoundsIsRefused() {
        assertThatThrownBy(() -> CompressionPool.of(LayerForm.ESTARGZ, 4095)).hasMessageContaining("4096");
        assertThatThrownBy(() -> CompressionPool.of(LayerForm.ESTARGZ, (16 << 20) + 1))
                .hasMessageContaining("4096");
    }

    @Test
    void aPriorityListWithBrokenRangesIsRefusedByLine() {
        assertThatThrownBy(() -> PriorityList.parse("a\nb\t1-2\n".getBytes(StandardCharsets.US_ASCII)))
                .hasMessageContaining("line 2")
                .hasMessageContaining("1-2");
    }
}
