package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.stargz.ByteSource;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/// Hashes what goes through.
final class HashedSource implements ByteSource {
    /// `MessageDigest` copies direct buffers 4 KiB at a time; with 64 KiB of our own it does as well as on an
    /// array.
    private static final int BLOCK = 64 << 10;

    private final ByteSource source;
    private final MessageDigest hasher;
    private final byte[] block = new byte[BLOCK];

    /// @param source where the bytes come from; closed by its owner
    HashedSource(ByteSource source, MessageDigest hasher) {
        this.source = source;
        this.hasher = hasher;
    }

    /// Has seen every byte once the source has ended.
    MessageDigest hasher() {
        return hasher;
    }

    @Override
    public @Nullable ByteBuffer next() {
        ByteBuffer piece = source.next();
        if (piece == null) {
            return null;
        }
        ByteBuffer rest = piece.duplicate();
        while (rest.hasRemaining()) {
            int count = Math.min(block.length, rest.remaining());
            rest.get(block, 0, count);
            hasher.update(block, 0, count);
        }
        return piece;
    }

    @Override
    public void close() {}
}
