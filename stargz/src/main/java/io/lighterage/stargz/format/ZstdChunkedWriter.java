package io.lighterage.stargz.format;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.tar.TarEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Writes zstd:chunked as containers/storage defines it: zstd frames whose concatenation is a tar stream, and behind
/// them what a plain decoder skips.
///
/// ```
/// frames        headers and padding, or one chunk each
/// skippable     the index, compressed
/// skippable     the tar-split data, compressed
/// skippable     footer, 64 bytes: offset, compressed length, length and type (1) of the index,
///               offset, compressed length and length of the tar-split data, "GNUlInUx"; little-endian
/// ```
final class ZstdChunkedWriter implements LayerWriter {
    private static final int SKIPPABLE = 0x184d2a50;
    private static final int FRAME_HEAD = 8;
    private static final int FOOTER = 64;
    private static final long INDEX_TYPE = 1;
    private static final byte[] MAGIC = {'G', 'N', 'U', 'l', 'I', 'n', 'U', 'x'};

    private final Path target;
    private final BlobFile blob;
    private final BlobFile tocFile;
    private final BlobFile splitFile;
    private final MemberStream members;
    private final TocText toc;
    private final TarSplit split;
    private final PackedTar tar;

    /// @param target the file to write
    ZstdChunkedWriter(CompressionPool pool, Path target) {
        this.target = target;
        blob = BlobFile.create(target);
        tocFile = BlobFile.scratch(target, ".toc");
        splitFile = BlobFile.scratch(target, ".split");
        members = new MemberStream(pool, blob);
        toc = new TocText(tocFile, LayerForm.ZSTD_CHUNKED, pool.chunkSize());
        split = new TarSplit(splitFile);
        tar = new PackedTar(members, true, split, toc::add);
    }

    @Override
    public void begin(TarEntry entry, ChunkCuts cuts) {
        toc.require(entry);
        tar.begin(entry, cuts);
    }

    @Override
    public void payload(ByteBuffer bytes) {
        tar.payload(bytes);
    }

    @Override
    public void zeros(long count) {
        tar.zeros(count);
    }

    @Override
    public void endOfPrefetch() {
        tar.begin(Landmarks.entry(Landmarks.PREFETCH, 1), ChunkCuts.plain(1));
        tar.payload(Landmarks.content());
    }

    @Override
    public ConvertedLayer finish(Digest source) {
        tar.finish(true);
        split.finish();
        toc.finish(Optional.of(splitFile.digest()));
        try (BlobFile packed = BlobFile.scratch(target, ".packed")) {
            compressToc(packed);
            long tocOffset = blob.position() + FRAME_HEAD;
            skippable(packed);
            long splitOffset = blob.position() + FRAME_HEAD;
            skippable(splitFile);
            String tocPosition = tocOffset + ":" + packed.position() + ":" + tocFile.position() + ":" + INDEX_TYPE;
            String splitPosition = splitOffset + ":" + splitFile.position() + ":" + split.uncompressedBytes();
            footer(tocOffset, packed.position(), splitOffset);
            return new ConvertedLayer(
                    LayerForm.ZSTD_CHUNKED,
                    blob.digest(),
                    blob.position(),
                    members.diffId(),
                    source,
                    Map.of(
                            TocAnnotations.CHUNKED_DIGEST,
                            packed.digest().toString(),
                            TocAnnotations.CHUNKED_POSITION,
                            tocPosition,
                            TocAnnotations.TAR_SPLIT_POSITION,
                            splitPosition));
        }
    }

    private void compressToc(BlobFile packed) {
        try (var out = new ZstdOutputStreamNoFinalizer(packed.stream(), ZstdEncoder.LEVEL)) {
            ByteBuffer piece = ByteBuffer.allocate(64 << 10);
            for (long at = 0; at < tocFile.position(); at += piece.limit()) {
                tocFile.read(at, piece.clear());
                piece.flip();
                out.write(piece.array(), 0, piece.limit());
            }
        } catch (IOException e) {
            throw new ImageException(ErrorKind.INTERNAL, "compressing the index failed: " + e, e);
        }
    }

    /// Appends the file as a frame that decoders skip.
    private void skippable(BlobFile content) {
        if (content.position() > Integer.MAX_VALUE) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the layer's index has " + content.position()
                            + " bytes; expected less than 2 GiB. Split the layer");
        }
        blob.write(head((int) content.position()));
        ByteBuffer piece = ByteBuffer.allocate(64 << 10);
        for (long at = 0; at < content.position(); at += piece.limit()) {
            content.read(at, piece.clear());
            blob.write(piece.flip().duplicate());
        }
    }

    private static ByteBuffer head(int length) {
        return ByteBuffer.allocate(FRAME_HEAD)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(SKIPPABLE)
                .putInt(length)
                .flip();
    }

    private void footer(long tocOffset, long tocLength, long splitOffset) {
        blob.write(head(FOOTER));
        blob.write(ByteBuffer.allocate(FOOTER)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(tocOffset)
                .putLong(tocLength)
                .putLong(tocFile.position())
                .putLong(INDEX_TYPE)
                .putLong(splitOffset)
                .putLong(splitFile.position())
                .putLong(split.uncompressedBytes())
                .put(MAGIC)
                .flip());
    }

    @Override
    public void close() {
        try (blob;
                tocFile;
                splitFile;
                members;
                split) {
            toc.close();
        }
    }
}
