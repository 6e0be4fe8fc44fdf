package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.tar.TarEncoder;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;

/// Writes eStargz: gzip members whose concatenation is a tar stream, with the index as its last entry.
///
/// ```
/// member 0      headers up to the first payload
/// member 1…n    a chunk, padding, the headers up to the next payload
/// member n+1    the entry stargz.index.json and the end of the archive
/// footer        an empty member whose extra field has the offset of member n+1
/// ```
final class EstargzWriter implements LayerWriter {
    /// Footer: an empty gzip member of 51 bytes with the subfield `SG`: 16 hexadecimal digits and `STARGZ`.
    private static final byte[] FOOTER_HEAD = {
        0x1f, (byte) 0x8b, 8, 4, 0, 0, 0, 0, 0, (byte) 255, 26, 0, 'S', 'G', 22, 0
    };

    private static final byte[] FOOTER_TAIL = {1, 0, 0, (byte) 255, (byte) 255, 0, 0, 0, 0, 0, 0, 0, 0};

    private final BlobFile blob;
    private final BlobFile tocFile;
    private final MemberStream members;
    private final TocText toc;
    private final PackedTar tar;

    /// @param target the file to write
    EstargzWriter(CompressionPool pool, Path target, boolean prefetch) {
        blob = BlobFile.create(target);
        tocFile = BlobFile.scratch(target, ".toc");
        members = new MemberStream(pool, blob);
        toc = new TocText(tocFile, LayerForm.ESTARGZ, pool.chunkSize());
        tar = new PackedTar(members, false, Silent.OBSERVER, toc::add);
        if (!prefetch) {
            landmark(Landmarks.NO_PREFETCH);
        }
    }

    private enum Silent implements PackedTar.TarObserver {
        OBSERVER;

        @Override
        public void raw(ByteBuffer bytes) {}

        @Override
        public void payload(TarEntry entry, ByteBuffer bytes) {}

        @Override
        public void end(TarEntry entry) {}
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
        landmark(Landmarks.PREFETCH);
    }

    private void landmark(String name) {
        tar.begin(Landmarks.entry(name, 1), ChunkCuts.plain(1));
        tar.payload(Landmarks.content());
    }

    @Override
    public ConvertedLayer finish(Digest source) {
        tar.finish(false);
        toc.finish(Optional.empty());
        long tocOffset = blob.position();
        writeToc();
        blob.write(ByteBuffer.wrap(FOOTER_HEAD));
        blob.write(ByteBuffer.wrap("%016xSTARGZ".formatted(tocOffset).getBytes(StandardCharsets.US_ASCII)));
        blob.write(ByteBuffer.wrap(FOOTER_TAIL));
        return new ConvertedLayer(
                LayerForm.ESTARGZ,
                blob.digest(),
                blob.position(),
                members.diffId(),
                source,
                Map.of(
                        TocAnnotations.ESTARGZ_DIGEST,
                        tocFile.digest().toString(),
                        TocAnnotations.UNCOMPRESSED_SIZE,
                        Long.toString(members.uncompressedBytes()),
                        TocAnnotations.TOC_OFFSET,
                        Long.toString(tocOffset)));
    }

    /// The index as the last entry of the archive, and the archive's end, in one member.
    private void writeToc() {
        long length = tocFile.position();
        try (GZIPOutputStream out = new GZIPOutputStream(blob.stream(), 64 << 10)) {
            write(out, new TarEncoder().header(Landmarks.entry(Landmarks.TOC, length)));
            ByteBuffer piece = ByteBuffer.allocate(64 << 10);
            for (long at = 0; at < length; at += piece.limit()) {
                tocFile.read(at, piece.clear());
                write(out, piece.flip().duplicate());
            }
            int padding = (int) (-length & TarFormat.BLOCK - 1);
            write(out, ByteBuffer.allocate(padding + 2 * TarFormat.BLOCK));
        } catch (IOException e) {
            throw new ImageException(ErrorKind.INTERNAL, "compressing the index failed: " + e, e);
        }
    }

    private void write(GZIPOutputStream out, ByteBuffer bytes) throws IOException {
        out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
        members.addUncompressed(bytes);
    }

    @Override
    public void close() {
        try (blob;
                tocFile;
                members) {
            toc.close();
        }
    }
}
