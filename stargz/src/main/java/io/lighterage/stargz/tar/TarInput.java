package io.lighterage.stargz.tar;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.ByteSource;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A [ByteSource] with a position: copied out, skipped, or handed on as slices.
final class TarInput {
    private final ByteSource source;
    private ByteBuffer piece = ByteBuffer.allocate(0);
    private boolean ended;
    private long fetched;

    TarInput(ByteSource source) {
        this.source = source;
    }

    /// Bytes taken so far.
    long position() {
        return fetched - piece.remaining();
    }

    /// Copies up to `length` bytes.
    ///
    /// @return how many; fewer only at the end
    int read(byte[] target, int offset, int length) {
        int done = 0;
        while (done < length && more()) {
            int count = Math.min(piece.remaining(), length - done);
            piece.get(target, offset + done, count);
            done += count;
        }
        return done;
    }

    /// @return how many bytes were skipped; fewer than `length` only at the end
    long skip(long length) {
        long left = length;
        while (left > 0 && more()) {
            int count = (int) Math.min(piece.remaining(), left);
            piece.position(piece.position() + count);
            left -= count;
        }
        return length - left;
    }

    /// The next bytes, at most `length` (which is more than zero), uncopied; null at the end.
    @Nullable
    ByteBuffer slice(long length) {
        if (!more()) {
            return null;
        }
        int count = (int) Math.min(piece.remaining(), length);
        ByteBuffer slice = piece.slice(piece.position(), count);
        piece.position(piece.position() + count);
        return slice;
    }

    /// The failure of a stream that has ended too early.
    ImageException cut(String where) {
        return new ImageException(
                ErrorKind.CORRUPT,
                "reading a tar stream: it ends at offset " + position() + " " + where
                        + "; expected the rest of it. The layer is cut short");
    }

    private boolean more() {
        while (!piece.hasRemaining()) {
            ByteBuffer next = ended ? null : source.next();
            if (next == null) {
                ended = true;
                return false;
            }
            piece = next;
            fetched += next.remaining();
        }
        return true;
    }
}
