package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.tar.TarEntry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An entry on its way into the index, which takes it when everything is known of it.
final class EntryRecord {
    final TarEntry entry;
    final List<ChunkRecord> chunks = new ArrayList<>(1);

    /// sha256 of a file of several chunks; that of a file of one is the chunk's.
    private @Nullable Digest digest;

    private boolean ended;
    private int unplaced;

    EntryRecord(TarEntry entry) {
        this.entry = entry;
    }

    ChunkRecord add(long fileOffset, int length, int rank) {
        ChunkRecord chunk = new ChunkRecord(fileOffset, length, rank);
        chunks.add(chunk);
        unplaced++;
        return chunk;
    }

    /// Says that the payload is complete.
    ///
    /// @param whole its digest, where it has several chunks
    void end(@Nullable Digest whole) {
        digest = whole;
        ended = true;
    }

    void placed(ChunkRecord chunk, long from, long to) {
        chunk.blobOffset = from;
        chunk.blobEnd = to;
        unplaced--;
    }

    boolean complete() {
        return ended && unplaced == 0;
    }

    /// Digest of the whole content of a file that is not empty.
    Digest contentDigest() {
        Digest whole = digest;
        return whole != null ? whole : chunks.getFirst().requiredDigest();
    }
}
