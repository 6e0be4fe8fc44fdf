package io.lighterage.stargz.index;

import static io.lighterage.stargz.tar.Tars.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Where the bytes of files are: in the flat file, and in the blob.
class LayerIndexChunksTest {
    private static final Digest LAYER = Digest.sha256(new byte[] {1});

    private static LayerIndexBuilder.Chunk chunk(long at, int length, long from, long to) {
        return new LayerIndexBuilder.Chunk(at, length, from, to, 0, false, LAYER);
    }

    @Test
    void filesStandInTheOrderOfTheirPlaceInTheBlob() {
        LayerIndexBuilder builder = new LayerIndexBuilder(LAYER, Encoding.GZIP_MEMBERS);
        builder.add(file("late", "0123456789").entry(), List.of(chunk(0, 4, 100, 150), chunk(4, 6, 150, 170)));
        builder.add(file("early", "abc").entry(), List.of(chunk(0, 3, 10, 100)));
        builder.add(
                file("inner", "abc").entry(), List.of(new LayerIndexBuilder.Chunk(0, 3, 10, 100, 512, false, LAYER)));
        builder.prefetchEnd(100);
        LayerIndex index = LayerIndex.of(builder.image(), "test");
        assertThat(index.path(1)).hasToString("early");
        assertThat(index.path(2)).hasToString("inner");
        assertThat(index.path(3)).hasToString("late");
        assertThat(index.flatOffset(2)).isEqualTo(4096);
        assertThat(index.flatOffset(3)).isEqualTo(8192);
        assertThat(index.flatSize()).isEqualTo(12288);
        assertThat(index.fetchSize()).isEqualTo(90 + 50 + 20);
        assertThat(index.prefetchEnd()).isEqualTo(100);
        assertThat(index.chunkInnerOffset(1)).isEqualTo(512);
        assertThat(index.chunkBlobOffset(3)).isEqualTo(150);
        assertThat(index.chunkBlobEnd(3)).isEqualTo(170);
        assertThat(index.chunkFlatOffset(3)).isEqualTo(8196);
        assertThat(index.chunkLength(3)).isEqualTo(6);
        assertThat(index.chunkInode(3)).isEqualTo(3);
        assertThat(index.chunkInode(1)).isEqualTo(2);
        assertThat(index.chunkAt(0)).isEqualTo(0);
        assertThat(index.chunkAt(3)).isEqualTo(1);
        assertThat(index.chunkAt(8195)).isEqualTo(2);
        assertThat(index.chunkAt(8196)).isEqualTo(3);
        assertThat(index.chunkAt(8202)).isEqualTo(4);
    }

    @Test
    void chunksThatDoNotTileTheFileAreRefusedByName() {
        refuseChunks(chunk(0, 4, 0, 9), chunk(5, 5, 9, 20));
        refuseChunks(chunk(0, 6, 0, 9), chunk(5, 5, 9, 20));
        refuseChunks(chunk(1, 9, 0, 9));
        refuseChunks(chunk(0, 9, 0, 9));
        refuseChunks(chunk(0, 11, 0, 9));
        refuseChunks();
        refuseChunks(chunk(0, 10, 9, 9));
        refuseChunks(chunk(0, 10, -1, 9));
        refuseChunks(chunk(0, 10, 0, 1L << 41));
        refuseChunks(chunk(0, 0, 0, 9), chunk(0, 10, 0, 9));
    }

    private static void refuseChunks(LayerIndexBuilder.Chunk... chunks) {
        LayerIndexBuilder builder = new LayerIndexBuilder(LAYER, Encoding.GZIP_MEMBERS);
        assertThatThrownBy(() -> builder.add(file("the/file", "0123456789").entry(), List.of(chunks)))
                .as(List.of(chunks).toString())
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContaining("'the/file'");
    }

    @Test
    void holesAreZerosAndNeedNoFetch() {
        LayerIndexBuilder builder = new LayerIndexBuilder(LAYER, Encoding.ZSTD_FRAMES);
        builder.add(
                file("f", "\0\0\0\0abc").entry(),
                List.of(
                        new LayerIndexBuilder.Chunk(0, 4, 10, 20, 0, true, LAYER),
                        new LayerIndexBuilder.Chunk(
                                4, 3, 20, 30, 0, false, Digest.sha256("abc".getBytes(StandardCharsets.UTF_8)))));
        LayerIndex index = LayerIndex.of(builder.image(), "test");
        assertThat(index.chunkIsHole(0)).isTrue();
        assertThat(index.fetchSize()).isEqualTo(10);
        assertThat(index.chunkMatches(0, ByteBuffer.allocate(4))).isTrue();
        assertThat(index.chunkMatches(0, ByteBuffer.wrap(new byte[] {0, 0, 0, 1})))
                .isFalse();
        assertThat(index.chunkMatches(1, ByteBuffer.wrap(new byte[] {'a', 'b', 'c'})))
                .isTrue();
        assertThat(index.chunkMatches(1, ByteBuffer.wrap(new byte[] {'a', 'b', 'd'})))
                .isFalse();
        assertThat(index.chunkMatches(1, ByteBuffer.wrap(new byte[] {'a', 'b'})))
                .isFalse();
    }

    @Test
    void openRangesEndWhereTheNextBeginsWhateverTheOrder() {
        LayerIndexBuilder builder = new LayerIndexBuilder(LAYER, Encoding.GZIP_MEMBERS);
        builder.openRangesEnd(500);
        long open = LayerIndexBuilder.Chunk.OPEN;
        builder.add(file("c", "abc").entry(), List.of(chunk(0, 3, 300, open)));
        builder.add(file("a", "abcdef").entry(), List.of(chunk(0, 3, 100, open), chunk(3, 3, 200, open)));
        builder.add(file("a2", "abc").entry(), List.of(chunk(0, 3, 100, open)));
        builder.add(file(".prefetch.landmark", "x").entry(), List.of(chunk(0, 1, 250, open)));
        builder.add(file("gone", "abc").entry(), List.of(chunk(0, 3, 400, open)));
        builder.add(file("gone", "").entry(), List.of());
        LayerIndex index = LayerIndex.of(builder.image(), "test");
        assertThat(index.chunkBlobEnd(0)).isEqualTo(200);
        assertThat(index.chunkBlobEnd(1)).isEqualTo(250);
        assertThat(index.chunkBlobEnd(2)).isEqualTo(200);
        assertThat(index.chunkBlobEnd(3)).isEqualTo(400);
        assertThat(index.prefetchEnd()).isEqualTo(250);
        assertThatThrownBy(() -> builder.add(file("past", "abc").entry(), List.of(chunk(0, 3, 500, open))))
                .hasMessageContaining("'past'");
    }

    @Test
    void aFileThatEndsPastTheLargestOffsetIsRefused() {
        LayerIndexBuilder builder = new LayerIndexBuilder(LAYER, Encoding.NONE);
        long size = 1L << 41;
        var entry = file("huge", "").entry();
        var huge = new io.lighterage.stargz.tar.TarEntry(
                entry.name(), entry.type(), entry.linkName(), 0, 0, 0, size, 0, 0, 0, 0, entry.xattrs(), List.of());
        assertThatThrownBy(() -> builder.add(huge, List.of())).hasMessageContaining("'huge'");
    }
}
