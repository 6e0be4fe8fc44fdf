package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Digest;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.concurrent.locks.ReentrantLock;

/// The digest of an ingest, computed as its prefix grows, one thread at a time.
///
/// Bytes are hashed straight from the writer's buffer when it continues where the hash stands; otherwise (ranges
/// that came out of order, a prefix found on disk) they are read back from the file.
final class PrefixDigest {
    /// How much a single write reads back at most, so that no connection stalls behind another one's backlog.
    private static final long BACKLOG_PER_WRITE = 8L << 20;

    private static final int READ_BACK = 256 * 1024;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final ReentrantLock turn = new ReentrantLock();
    private final String algorithm;
    private final MessageDigest hasher;
    private final SteadyFile file;
    private ByteBuffer readBack = NOTHING;
    private long hashed;

    PrefixDigest(Digest expected, SteadyFile file) {
        this.algorithm = expected.algorithm();
        this.hasher = expected.newHasher();
        this.file = file;
    }

    /// Goes on towards `contiguous` unless another thread is at it.
    ///
    /// @param source the buffer just written, whose bytes from `from` to its limit stand at `offset` in the blob;
    ///     position and limit are left as they were
    void advance(long contiguous, ByteBuffer source, int from, long offset) throws IOException {
        if (!turn.tryLock()) {
            return;
        }
        int position = source.position();
        int limit = source.limit();
        try {
            long end = offset + (limit - from);
            long budget = BACKLOG_PER_WRITE;
            while (hashed < contiguous && budget > 0) {
                if (hashed >= offset && hashed < end) {
                    long until = Math.min(end, contiguous);
                    source.limit(from + (int) (until - offset)).position(from + (int) (hashed - offset));
                    hasher.update(source);
                    source.limit(limit);
                    hashed = until;
                } else {
                    long until = hashed < offset ? Math.min(offset, contiguous) : contiguous;
                    budget -= hashFromFile(until);
                }
            }
        } finally {
            source.limit(limit).position(position);
            turn.unlock();
        }
    }

    /// Hashes what is left of `size` bytes and closes the digest.
    Digest finish(long size) throws IOException {
        turn.lock();
        try {
            while (hashed < size) {
                hashFromFile(size);
            }
            return Digest.finish(algorithm, hasher);
        } finally {
            turn.unlock();
        }
    }

    private int hashFromFile(long until) throws IOException {
        if (readBack.capacity() == 0) {
            readBack = ByteBuffer.allocateDirect(READ_BACK);
        }
        readBack.clear().limit((int) Math.min(READ_BACK, until - hashed));
        int count = file.read(hashed, readBack);
        if (count < 0) {
            throw new EOFException("the file ends at " + hashed + "; expected " + until + " bytes");
        }
        hasher.update(readBack.flip());
        hashed += count;
        return count;
    }
}
