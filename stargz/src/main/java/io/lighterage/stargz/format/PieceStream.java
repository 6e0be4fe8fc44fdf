package io.lighterage.stargz.format;

import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Pieces of bytes as a stream.
final class PieceStream extends InputStream {
    private final Pieces pieces;
    private @Nullable ByteBuffer piece = ByteBuffer.allocate(0);

    /// Gives piece after piece, and then null.
    interface Pieces {
        @Nullable
        ByteBuffer next();
    }

    PieceStream(Pieces pieces) {
        this.pieces = pieces;
    }

    private @Nullable ByteBuffer piece() {
        while (piece != null && !piece.hasRemaining()) {
            piece = pieces.next();
        }
        return piece;
    }

    @Override
    public int read() {
        ByteBuffer from = piece();
        return from == null ? -1 : from.get() & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        if (length == 0) {
            return 0;
        }
        ByteBuffer from = piece();
        if (from == null) {
            return -1;
        }
        int count = Math.min(length, from.remaining());
        from.get(target, offset, count);
        return count;
    }
}
