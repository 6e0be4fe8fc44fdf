package io.lighterage.stargz.format;

import static io.lighterage.stargz.compress.Compressed.gzip;
import static io.lighterage.stargz.compress.Compressed.join;
import static io.lighterage.stargz.compress.Compressed.zstd;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.manifest.Manifest;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.tar.Tars;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// eStargz blobs whose table of contents is in another image.
class DetachedLayerTest {
    private static LazyBlob detached() {
        return LazyBlob.gzipMembers()
                .file("a", "hello")
                .file("d/b", "x".repeat(5000))
                .detached();
    }

    private static void assertFails(ErrorKind kind, String part, ThrowingCallable action) {
        assertThatThrownBy(action)
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind))
                .hasMessageContaining(part);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aLayerOpensWithTheTableThatIsGivenToIt() {
        LazyBlob blob = detached();
        LayerIndex index = blob.index(blob.tocBlob());
        assertThat(index.encoding()).isEqualTo(Encoding.GZIP_MEMBERS);
        assertThat(index.layer()).isEqualTo(blob.descriptor().digest());
        assertThat(index.fileCount()).isEqualTo(2);
        assertThat(blob.chunk(index, 0)).isEqualTo(bytes("hello"));
        assertThat(blob.chunk(index, 1)).isEqualTo(bytes("x".repeat(5000)));
        assertThat(blob.reads).hasSize(1);
    }

    @Test
    void theLastChunkEndsWhereTheFooterBegins() {
        LazyBlob blob = detached();
        LayerIndex index = blob.index(blob.tocBlob());
        assertThat(index.chunkBlobEnd(1)).isEqualTo(blob.bytes().length - 46);
    }

    @Test
    void aChunkInTheFooterOrBehindItIsInvalid() {
        LazyBlob probe = LazyBlob.gzipMembers();
        for (int behind : new int[] {0, 1, 45, 46, 1000}) {
            LazyBlob blob = LazyBlob.gzipMembers();
            int at = blob.size() + behind;
            assertThat(blob.size()).isEqualTo(probe.size());
            blob.item("{'name':'a','type':'reg','size':5,'offset':" + at + ",'digest':'" + LazyBlob.sha("x") + "'}");
            blob.detached();
            assertFails(ErrorKind.INVALID, "a", () -> blob.index(blob.tocBlob()));
        }
    }

    @Test
    void aTableOfAnotherDigestIsCorrupt() {
        LazyBlob blob = detached();
        byte[] other = LazyBlob.tocBlob(bytes(blob.json() + " "));
        assertFails(ErrorKind.CORRUPT, "has digest", () -> blob.index(other));
    }

    @Test
    void whatIsNoTableIsCorrupt() {
        LazyBlob blob = detached();
        byte[] json = bytes(blob.json());
        byte[] otherName = gzip(tarOf(Tars.file("other.json", json)));
        byte[] twice = gzip(tarOf(Tars.file("stargz.index.json", json), Tars.file("more", "x")));
        byte[] wrongCompression = zstd(tarOf(Tars.file("stargz.index.json", json)));
        byte[] good = blob.tocBlob();
        byte[] cut = Arrays.copyOf(good, good.length - 20);
        for (byte[] toc : List.of(otherName, twice, wrongCompression, cut, json, gzip(json), new byte[0])) {
            assertFails(ErrorKind.CORRUPT, "table of contents", () -> blob.index(toc));
        }
    }

    @Test
    void aBombIsRefused() {
        byte[] bomb = new byte[60 << 20];
        Arrays.fill(bomb, (byte) ' ');
        byte[] toc = LazyBlob.tocBlob(bomb);
        assertFails(ErrorKind.INVALID, "bomb", () -> detached().index(toc));
    }

    @Test
    void aTableLongerThanAnyMayBeIsRefusedUnread() {
        ByteBuffer long150 = ByteBuffer.allocate((150 << 20) + 1);
        DetachedLayer layer = detached().openDetached();
        assertFails(ErrorKind.INVALID, "at most", () -> layer.with(long150));
    }

    @Test
    void withoutADigestOfTheTableItIsAnOrdinaryLayer() {
        LazyBlob blob = detached().without(LazyBlob.TOC_DIGEST);
        assertThat(LazyFormats.plan(blob.descriptor())).isEmpty();
        blob.annotate(LazyBlob.TOC_OFFSET, "9");
        assertFails(ErrorKind.DENIED, LazyBlob.TOC_DIGEST, blob::end);
    }

    @Test
    void aFooterThatIsNearlyTheOneIsNone() {
        byte[] good = detached().bytes();
        int begin = good.length - 46;
        for (int at : new int[] {begin, begin + 1, begin + 3, begin + 10, begin + 11, begin + 16, begin + 32}) {
            byte[] bytes = good.clone();
            bytes[at] ^= 1;
            assertFails(
                    ErrorKind.CORRUPT,
                    "ends in no footer",
                    () -> detached().withBytes(bytes).end());
        }
        byte[] more = join(good, new byte[1]);
        assertFails(
                ErrorKind.CORRUPT,
                "ends in no footer",
                () -> detached().withBytes(more).end());
    }

    @Test
    void aBlobThatIsAFooterAndNothingElseIsAnEmptyLayer() {
        LazyBlob blob = LazyBlob.gzipMembers().detached().withBytes(LazyBlob.footer(0, 46));
        assertThat(blob.index(blob.tocBlob()).inodeCount()).isEqualTo(1);
    }

    private static Descriptor toc(int id, long size, String layer) {
        return new Descriptor(MediaType.OCI_LAYER_GZIP, Digest.sha256(new byte[] {(byte) id}), size)
                .withAnnotations(Map.of(TocImage.LAYER_DIGEST, layer));
    }

    private static TocImage image(Descriptor... tocs) {
        Descriptor config = new Descriptor(MediaType.OCI_CONFIG, Digest.sha256(bytes("{}")), 2);
        return new TocImage(
                new Manifest.Image(MediaType.OCI_MANIFEST, config, List.of(tocs), Optional.empty(), "", Map.of()));
    }

    @Test
    void theImageBesideSaysWhichBlobHoldsTheTableOfALayer() {
        Descriptor layer = detached().descriptor();
        String digest = layer.digest().toString();
        Descriptor unmarked = new Descriptor(MediaType.OCI_LAYER_GZIP, Digest.sha256(bytes("?")), 9);
        TocImage image = image(
                unmarked,
                toc(1, 9, "nonsense"),
                toc(2, 9, LazyBlob.sha("other")),
                toc(3, 9, digest),
                toc(4, 9, digest));
        assertThat(image.tocOf(layer)).contains(toc(3, 9, digest));
        assertThat(image(unmarked, toc(2, 9, LazyBlob.sha("other"))).tocOf(layer))
                .isEmpty();
        assertThat(image().tocOf(layer)).isEmpty();
        assertFails(
                ErrorKind.INVALID,
                "at most",
                () -> image(toc(1, (150 << 20) + 1, digest)).tocOf(layer));
    }
}
