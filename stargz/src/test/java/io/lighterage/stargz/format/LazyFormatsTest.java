package io.lighterage.stargz.format;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Blobs of every flavour, opened from their annotations and their last bytes.
class LazyFormatsTest {
    @TempDir
    Path folder;

    private static LazyBlob estargz() {
        return LazyBlob.gzipMembers()
                .file("a", "hello")
                .file("d/b", "x".repeat(5000))
                .estargz();
    }

    private static LazyBlob chunked() {
        return LazyBlob.zstdFrames()
                .file("a", "hello")
                .file("d/b", "x".repeat(5000))
                .chunked();
    }

    private static void assertFails(ErrorKind kind, String part, ThrowingCallable action) {
        assertThatThrownBy(action)
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind))
                .hasMessageContaining(part);
    }

    private static void assertHasBoth(LazyBlob blob, LayerIndex index) {
        assertThat(index.layer()).isEqualTo(blob.descriptor().digest());
        assertThat(index.fileCount()).isEqualTo(2);
        assertThat(index.path(1)).isEqualTo(RawName.of("a"));
        assertThat(blob.chunk(index, 0)).isEqualTo("hello".getBytes(StandardCharsets.UTF_8));
        assertThat(blob.chunk(index, 1)).isEqualTo("x".repeat(5000).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void anEstargzLayerOpensFromItsTail() {
        LazyBlob blob = estargz();
        LayerIndex index = blob.open().verify().writeIndex(folder.resolve("index"));
        assertThat(index.encoding()).isEqualTo(Encoding.GZIP_MEMBERS);
        assertHasBoth(blob, index);
        assertThat(blob.reads).hasSize(1);
        assertThat(blob.open().tocDigest())
                .hasToString(blob.descriptor().annotations().get(LazyBlob.TOC_DIGEST));
    }

    @Test
    void aChunkedLayerOpensFromItsAnnotationsAlone() {
        LazyBlob blob = chunked();
        LayerIndex index = blob.index();
        assertThat(index.encoding()).isEqualTo(Encoding.ZSTD_FRAMES);
        assertHasBoth(blob, index);
        assertThat(blob.reads).hasSize(1);
        assertThat(LazyFormats.plan(blob.descriptor()))
                .containsInstanceOf(TocPlan.Exact.class)
                .hasValueSatisfying(plan -> assertThat(blob.reads.getFirst()[0]).isEqualTo(plan.offset()));
        assertThat(blob.open().tocDigest())
                .hasToString(blob.descriptor().annotations().get(LazyBlob.CHECKSUM));
    }

    @Test
    void theOldNamesOfAnnotationsCountToo() {
        LazyBlob blob = chunked();
        Map<String, String> annotations = blob.descriptor().annotations();
        blob.without(LazyBlob.CHECKSUM)
                .without(LazyBlob.POSITION)
                .annotate(
                        "io.containers.zstd-chunked.manifest-checksum",
                        requireNonNull(annotations.get(LazyBlob.CHECKSUM)))
                .annotate(
                        "io.containers.zstd-chunked.manifest-position",
                        requireNonNull(annotations.get(LazyBlob.POSITION)));
        assertHasBoth(blob, blob.index());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "1:2", "0:99:1:1", "-5:9:9:1", "99999999999999999999:1:1:1", "100:999999999:1:1"})
    void aChunkedLayerWithoutAPositionOpensFromItsFooter(String position) {
        LazyBlob blob = chunked();
        if (position.isEmpty()) {
            blob.without(LazyBlob.POSITION);
        } else {
            blob.annotate(LazyBlob.POSITION, position);
        }
        assertHasBoth(blob, blob.index());
    }

    @Test
    void stargzSnapshottersFlavourOpensFromAnnotationsAndFromTheFooter() {
        LazyBlob blob = LazyBlob.zstdFrames()
                .file("a", "hello")
                .file("d/b", "x".repeat(5000))
                .stargzChunked();
        assertHasBoth(blob, blob.index());
        blob.without("io.containers.zstd-chunked.manifest-position");
        assertHasBoth(blob, blob.index());
        blob.without("io.containers.zstd-chunked.manifest-checksum");
        assertHasBoth(blob, blob.index());
    }

    @Test
    void theShortFooterOfContainersStorageIsRead() {
        LazyBlob blob = chunked().without(LazyBlob.POSITION);
        byte[] bytes = blob.bytes();
        ByteBuffer footer = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
        footer.putInt(0x184d2a50).putInt(40).put(bytes, bytes.length - 64, 32);
        footer.put("GnUlInUx".getBytes(StandardCharsets.US_ASCII));
        byte[] shorter = Arrays.copyOf(bytes, bytes.length - 72 + 48);
        System.arraycopy(footer.array(), 0, shorter, bytes.length - 72, 48);
        assertHasBoth(blob, blob.withBytes(shorter).index());
    }

    @Test
    void theFirstFooterOfStargzIsRead() {
        LazyBlob blob = LazyBlob.gzipMembers().file("a", "hello").file("d/b", "x".repeat(5000));
        blob.estargz(blob.json().getBytes(StandardCharsets.UTF_8), 47);
        assertHasBoth(blob, blob.index());
    }

    @Test
    void theOffsetThatWeAnnotateMakesTheReadExactAndALieCostsOneRead() {
        LazyBlob blob = LazyBlob.gzipMembers();
        byte[] noise = new byte[600_000];
        new java.util.Random(1).nextBytes(noise);
        blob.add(noise);
        blob.file("a", "hello").file("d/b", "x".repeat(5000));
        int offset = blob.size();
        blob.estargz();
        blob.annotate(LazyBlob.TOC_OFFSET, "" + offset);
        assertHasBoth(blob, blob.index());
        assertThat(blob.reads).hasSize(1);
        assertThat(blob.reads.getFirst()[0]).isEqualTo(offset);
        for (int lie : new int[] {0, 1, offset - 1, offset + 1, offset + 100, blob.bytes().length - 73}) {
            blob.annotate(LazyBlob.TOC_OFFSET, "" + lie);
            assertHasBoth(blob, blob.index());
            assertThat(blob.reads).hasSizeBetween(1, 2);
        }
        for (String lie : new String[] {"", "x", "-1", "99999999999999999999", "" + blob.bytes().length}) {
            blob.annotate(LazyBlob.TOC_OFFSET, lie);
            assertHasBoth(blob, blob.index());
            assertThat(blob.reads).hasSize(1);
        }
    }

    @Test
    void aTableLongerThanTheGuessTakesASecondRead() {
        LazyBlob blob = LazyBlob.gzipMembers().file("a", "hello").file("d/b", "x".repeat(5000));
        for (int i = 0; i < 7000; i++) {
            blob.item("{'name':'z/" + i + "','type':'symlink','linkName':'" + LazyBlob.sha("" + i) + "'}");
        }
        blob.estargz();
        assertHasBoth(blob, blob.index());
        assertThat(blob.reads).hasSize(2);
        assertThat(blob.reads.get(1)[0] + blob.reads.get(1)[1])
                .isEqualTo(blob.reads.get(0)[0]);
    }

    @Test
    void anOrdinaryLayerHasNoPlan() {
        Descriptor plain = estargz().without(LazyBlob.TOC_DIGEST).descriptor();
        assertThat(LazyFormats.plan(plain)).isEmpty();
        assertFails(
                ErrorKind.INVALID,
                "no table of contents",
                () -> LazyFormats.read(plain, (from, length) -> {
                    throw new AssertionError("nothing to read");
                }));
    }

    @Test
    void aTableWithoutADigestIsRefusedBeforeAnythingIsRead() {
        LazyBlob blob = chunked().without(LazyBlob.CHECKSUM);
        assertFails(ErrorKind.DENIED, LazyBlob.CHECKSUM, blob::open);
        assertThat(blob.reads).isEmpty();
    }

    @Test
    void digestsOfTwoTablesAreRefused() {
        LazyBlob blob = chunked().annotate(LazyBlob.TOC_DIGEST, LazyBlob.sha("x"));
        assertFails(ErrorKind.INVALID, "two tables", blob::open);
        assertFails(ErrorKind.INVALID, "two tables", () -> LazyFormats.plan(blob.descriptor()));
    }

    @Test
    void aDigestThatIsNoneIsNamed() {
        LazyBlob blob = estargz().annotate(LazyBlob.TOC_DIGEST, "sha256:short");
        assertFails(ErrorKind.INVALID, LazyBlob.TOC_DIGEST, blob::open);
    }

    @Test
    void aTableWithAnotherDigestIsCorrupt() {
        String other = LazyBlob.sha("other");
        UnverifiedLayer estargz = estargz().annotate(LazyBlob.TOC_DIGEST, other).open();
        assertFails(ErrorKind.CORRUPT, other, estargz::verify);
        UnverifiedLayer chunked = chunked().annotate(LazyBlob.CHECKSUM, other).open();
        assertFails(ErrorKind.CORRUPT, other, chunked::verify);
        LazyBlob both = LazyBlob.zstdFrames().file("a", "x").stargzChunked();
        both.annotate(LazyBlob.TOC_DIGEST, other);
        UnverifiedLayer stargz = both.open();
        assertFails(ErrorKind.CORRUPT, other, stargz::verify);
    }

    @Test
    void blobsWithoutAFooterOrCutOnesAreCorrupt() {
        for (LazyBlob blob : new LazyBlob[] {estargz(), chunked().without(LazyBlob.POSITION)}) {
            byte[] bytes = blob.bytes();
            for (int length : new int[] {0, 1, 8, 39, 46, 50, 63, bytes.length - 1, bytes.length - 8}) {
                blob.withBytes(Arrays.copyOf(bytes, length));
                assertFails(ErrorKind.CORRUPT, "", () -> blob.open().verify());
            }
        }
    }

    @Test
    void aReaderThatGivesTooLittleIsNoticed() {
        LazyBlob blob = estargz();
        assertFails(
                ErrorKind.CORRUPT,
                "is it cut off?",
                () -> LazyFormats.read(blob.descriptor(), (offset, length) -> blob.read(offset, length - 1)));
    }

    @Test
    void footersThatPointOutsideTheBlobAreCorrupt() {
        byte[] json = "{}".getBytes(StandardCharsets.UTF_8);
        for (long offset : new long[] {1L << 40, Long.MAX_VALUE, 1000}) {
            LazyBlob blob = LazyBlob.gzipMembers().estargz(json, 51);
            byte[] bytes = blob.bytes();
            System.arraycopy(LazyBlob.footer(offset, 51), 0, bytes, bytes.length - 51, 51);
            blob.withBytes(bytes);
            assertFails(ErrorKind.CORRUPT, "outside the blob", blob::open);
        }
        for (int field = 0; field < 4; field++) {
            LazyBlob blob = chunked().without(LazyBlob.POSITION);
            for (long value : new long[] {-1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 40}) {
                byte[] bytes = blob.bytes();
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(bytes.length - 64 + field * 8, value);
                LazyBlob damaged = chunked().without(LazyBlob.POSITION).withBytes(bytes);
                if (field == 2) {
                    assertHasBoth(damaged, damaged.index());
                } else {
                    assertFails(ErrorKind.CORRUPT, "the footer of layer", damaged::open);
                }
            }
        }
    }

    @Test
    void aBombIsRefused() {
        byte[] bomb = new byte[60 << 20];
        Arrays.fill(bomb, (byte) ' ');
        UnverifiedLayer estargz = LazyBlob.gzipMembers().estargz(bomb, 51).open();
        assertFails(ErrorKind.INVALID, "bomb", estargz::verify);
        UnverifiedLayer chunked =
                LazyBlob.zstdFrames().item(" ".repeat(60 << 20)).chunked().open();
        assertFails(ErrorKind.INVALID, "bomb", () -> chunked.verify().builder());
    }

    @Test
    void whatIsNoTableIsRefused() {
        LazyBlob blob = LazyBlob.gzipMembers();
        byte[] good = blob.estargz().bytes();
        LazyBlob other = LazyBlob.gzipMembers();
        int at = other.size();
        byte[] bytes = Arrays.copyOf(good, good.length);
        System.arraycopy(LazyBlob.footer(0, 51), 0, bytes, bytes.length - 51, 51);
        other.withBytes(bytes).annotate(LazyBlob.TOC_DIGEST, LazyBlob.sha("x"));
        assertThat(at).isPositive();
        assertFails(
                ErrorKind.CORRUPT,
                "tar entry stargz.index.json",
                () -> other.open().verify());
    }

    @Test
    void aDigestOfAnyKnownAlgorithmServes() {
        LazyBlob blob = estargz();
        var hasher = Digest.newHasher("sha512");
        hasher.update(blob.json().getBytes(StandardCharsets.UTF_8));
        blob.annotate(LazyBlob.TOC_DIGEST, Digest.finish("sha512", hasher).toString());
        assertHasBoth(blob, blob.index());
    }
}
