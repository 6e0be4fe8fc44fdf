package io.lighterage.stargz.index;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.Sources;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarReader;
import io.lighterage.stargz.tar.Tars;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The index of a tar, as if the tar were the blob, and its flat file in memory.
public final class IndexedTar {
    private final LayerIndexBuilder builder;
    private final ByteArrayOutputStream payloads = new ByteArrayOutputStream();

    private IndexedTar(byte[] tar, int chunk, boolean asWritten) {
        builder = new LayerIndexBuilder(Digest.sha256(tar), Encoding.NONE);
        if (asWritten) {
            builder.asWritten();
        }
        TarReader reader = new TarReader(Sources.of(tar));
        for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
            byte[] content = new byte[(int) entry.size()];
            for (ByteBuffer piece = reader.payload(); piece != null; piece = reader.payload()) {
                piece.get(content, (int) reader.payloadOffset(), piece.remaining());
            }
            builder.add(entry, chunks(content, payloads.size(), chunk));
            payloads.writeBytes(content);
        }
    }

    /// A layer that is to be unpacked in the order of the tar.
    ///
    /// @param chunk bytes of each chunk, but for the last of a file
    public static IndexedTar of(byte[] tar, int chunk) {
        return new IndexedTar(tar, chunk, true);
    }

    /// A layer whose entries may have been moved about.
    public static IndexedTar of(Tars.Item... items) {
        return new IndexedTar(Tars.tarOf(items), 1000, false);
    }

    /// The content in pieces of `chunk` bytes.
    public static List<LayerIndexBuilder.Chunk> chunks(byte[] content, long blobOffset, int chunk) {
        List<LayerIndexBuilder.Chunk> chunks = new ArrayList<>();
        for (int at = 0; at < content.length; at += chunk) {
            byte[] piece = Arrays.copyOfRange(content, at, Math.min(content.length, at + chunk));
            long offset = blobOffset + at;
            chunks.add(new LayerIndexBuilder.Chunk(at, piece.length, offset, offset, 0, false, Digest.sha256(piece)));
        }
        return chunks;
    }

    public LayerIndexBuilder builder() {
        return builder;
    }

    public LayerIndex index() {
        return LayerIndex.of(builder.image(), "in memory");
    }

    /// What the flat file holds when all is there.
    public byte[] flat() {
        LayerIndex index = index();
        byte[] flat = new byte[(int) index.flatSize()];
        byte[] all = payloads.toByteArray();
        for (int chunk = 0; chunk < index.chunkCount(); chunk++) {
            int from = (int) index.chunkBlobOffset(chunk);
            System.arraycopy(all, from, flat, (int) index.chunkFlatOffset(chunk), index.chunkLength(chunk));
        }
        return flat;
    }

    /// The inode of a path, or [LayerIndex#NONE].
    public static int find(LayerIndex index, String path) {
        int at = LayerIndex.ROOT;
        for (String name : List.of(path.split("/"))) {
            at = at == LayerIndex.NONE ? at : index.lookup(at, RawName.of(name));
        }
        return at;
    }

    /// What a regular file holds.
    public static byte[] content(LayerIndex index, byte[] flat, int inode) {
        if (index.size(inode) == 0) {
            return new byte[0];
        }
        int from = (int) index.flatOffset(inode);
        return Arrays.copyOfRange(flat, from, from + (int) index.size(inode));
    }
}
