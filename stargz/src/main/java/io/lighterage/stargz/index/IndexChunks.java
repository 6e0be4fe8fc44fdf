package io.lighterage.stargz.index;

import io.lighterage.contentstore.Digest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Objects;

/// The chunk records of an index.
///
/// @param bytes the whole index
/// @param place where the records begin
/// @param count how many there are
record IndexChunks(ByteBuffer bytes, int place, int count) {
    private int at(int chunk) {
        return place + Objects.checkIndex(chunk, count) * IndexFormat.CHUNK;
    }

    private long flatWord(int chunk) {
        return bytes.getLong(at(chunk) + IndexFormat.CHUNK_FLAT);
    }

    private long blobWord(int chunk) {
        return bytes.getLong(at(chunk) + IndexFormat.CHUNK_BLOB);
    }

    long flatOffset(int chunk) {
        return IndexFormat.upper40(flatWord(chunk));
    }

    int length(int chunk) {
        return bytes.getInt(at(chunk));
    }

    long blobOffset(int chunk) {
        return IndexFormat.upper40(blobWord(chunk));
    }

    long blobEnd(int chunk) {
        return blobOffset(chunk) + IndexFormat.rangeLength(flatWord(chunk), blobWord(chunk));
    }

    long innerOffset(int chunk) {
        return Integer.toUnsignedLong(bytes.getInt(at(chunk) + IndexFormat.CHUNK_INNER));
    }

    boolean isHole(int chunk) {
        return (blobWord(chunk) & IndexFormat.CHUNK_HOLE) != 0;
    }

    boolean isPrioritized(int chunk) {
        return (blobWord(chunk) & IndexFormat.CHUNK_PRIORITIZED) != 0;
    }

    /// The chunk that holds the byte at `flatOffset`, else the next one.
    int holding(long flatOffset) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (flatOffset(middle) + length(middle) <= flatOffset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    boolean matches(int chunk, ByteBuffer candidate) {
        if (candidate.remaining() != length(chunk)) {
            return false;
        }
        if (isHole(chunk)) {
            return isZero(candidate);
        }
        MessageDigest hasher = Digest.newHasher("sha256");
        hasher.update(candidate.duplicate());
        byte[] expected = new byte[IndexFormat.DIGEST_BYTES];
        bytes.get(at(chunk) + IndexFormat.CHUNK_DIGEST, expected);
        return MessageDigest.isEqual(expected, hasher.digest());
    }

    private static boolean isZero(ByteBuffer candidate) {
        for (int i = candidate.position(); i < candidate.limit(); i++) {
            if (candidate.get(i) != 0) {
                return false;
            }
        }
        return true;
    }
}
