package io.lighterage.resolver;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// A blob on a local disk, seen as one at a source.
///
/// @param blob where the bytes are
record NearBlob(Blob blob) implements RemoteBlob {
    /// A piece is worth its system call and still fits in the second-level cache.
    private static final int PIECE = 256 << 10;

    @Override
    public void stream(long offset, long length, int priority, Consumer<ByteBuffer> pieces) {
        if (offset < 0 || length < 0 || length > size() - offset) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot read " + length + " bytes at " + offset + " of a blob of " + size() + " bytes");
        }
        if (length == 0) {
            return;
        }
        ByteBuffer piece = ByteBuffer.allocateDirect((int) Math.min(PIECE, length));
        long at = offset;
        while (at < offset + length) {
            piece.clear().limit((int) Math.min(piece.capacity(), offset + length - at));
            blob.readFully(at, piece);
            piece.flip();
            at += piece.remaining();
            pieces.accept(piece);
        }
    }

    @Override
    public long size() {
        return blob.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
        return blob.read(position, target);
    }

    @Override
    public long requests() {
        return 0;
    }

    @Override
    public boolean ignoresRanges() {
        return false;
    }

    @Override
    public void close() {
        blob.close();
    }
}
