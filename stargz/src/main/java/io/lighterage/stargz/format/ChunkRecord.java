package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import org.jspecify.annotations.Nullable;

/// A part of one file that is compressed on its own; what is known of it grows while it is written.
final class ChunkRecord {
    /// Where it begins in the file.
    final long fileOffset;

    /// Its bytes in the file.
    final int length;

    /// When a start reads it, 0 when it does not.
    final int rank;

    /// sha256 of its bytes, once a worker has compressed it.
    @Nullable
    Digest digest;

    /// Whether all its bytes are zero.
    boolean zeros;

    /// The range of the blob it was compressed into, once that has been written.
    long blobOffset = -1;

    long blobEnd = -1;

    ChunkRecord(long fileOffset, int length, int rank) {
        this.fileOffset = fileOffset;
        this.length = length;
        this.rank = rank;
    }

    Digest requiredDigest() {
        Digest known = digest;
        if (known == null) {
            throw new IllegalStateException("the chunk at " + fileOffset + " is not compressed yet");
        }
        return known;
    }
}
