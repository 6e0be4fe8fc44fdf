package io.lighterage.mirror;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Digest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/// Bytes in memory, in pieces, so that a growing blob is never copied. Appended to by one thread, then published.
final class MemoryBlob implements Blob {
    // One mebibyte: few objects for a large blob. The last piece grows up to it, so a small blob stays small.
    private static final int PIECE = 1 << 20;

    private final List<ByteBuffer> pieces = new ArrayList<>();
    private long size;

    void append(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            int within = (int) (size % PIECE);
            int count = Math.min(PIECE - within, bytes.remaining());
            if (within == 0) {
                pieces.add(ByteBuffer.allocate(count));
            } else if (pieces.getLast().capacity() < within + count) {
                grow(within + count);
            }
            pieces.getLast().put(within, bytes, bytes.position(), count);
            bytes.position(bytes.position() + count);
            size += count;
        }
    }

    private void grow(int needed) {
        ByteBuffer old = pieces.removeLast();
        ByteBuffer larger = ByteBuffer.allocate(Math.min(PIECE, Math.max(needed, 2 * old.capacity())));
        pieces.add(larger.put(0, old, 0, old.capacity()));
    }

    Digest digest(String algorithm) {
        MessageDigest hasher = Digest.newHasher(algorithm);
        long left = size;
        for (ByteBuffer piece : pieces) {
            int count = (int) Math.min(PIECE, left);
            hasher.update(piece.slice(0, count));
            left -= count;
        }
        return Digest.finish(algorithm, hasher);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public int read(long position, ByteBuffer target) {
        if (position >= size) {
            return -1;
        }
        int within = (int) (position % PIECE);
        int count = (int) Math.min(Math.min(PIECE - within, size - position), target.remaining());
        target.put(pieces.get((int) (position / PIECE)).slice(within, count));
        return count;
    }

    /// Nothing to let go of: the bytes belong to the upstream.
    @Override
    public void close() {}
}
