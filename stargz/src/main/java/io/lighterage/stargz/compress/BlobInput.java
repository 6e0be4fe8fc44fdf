package io.lighterage.stargz.compress;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;

/// The compressed bytes of a blob from first to last, through one direct buffer.
final class BlobInput {
    private final Blob blob;
    private final String what;
    private final ByteBuffer buffer;
    private long fetched;

    /// @param buffer direct; what is read passes through it
    BlobInput(Blob blob, String what, ByteBuffer buffer) {
        this.blob = blob;
        this.what = what;
        this.buffer = buffer.limit(0);
    }

    /// What has been read and not yet consumed; consuming advances its position.
    ByteBuffer buffer() {
        return buffer;
    }

    /// Bytes consumed, which is the offset of the next byte.
    long consumed() {
        return fetched - buffer.remaining();
    }

    /// Makes at least one byte remain in the buffer, waiting for it when the blob is still growing.
    ///
    /// @return false at the end of the blob
    boolean ensure() {
        if (buffer.hasRemaining()) {
            return true;
        }
        buffer.clear();
        int count = readSome(buffer);
        buffer.flip();
        return count > 0;
    }

    /// Makes at least `count` bytes remain in the buffer unless the blob ends first.
    void ensure(int count) {
        while (buffer.remaining() < count) {
            buffer.compact();
            int got = readSome(buffer);
            buffer.flip();
            if (got == 0) {
                return;
            }
        }
    }

    /// The next byte, 0..255, which must have been ensured.
    int next() {
        return buffer.get() & 0xff;
    }

    /// As [#next] without consuming it.
    int peek() {
        return buffer.get(buffer.position()) & 0xff;
    }

    /// Moves bytes to `target`, directly when none are buffered.
    ///
    /// @return false at the end of the blob
    boolean transfer(ByteBuffer target) {
        if (!buffer.hasRemaining()) {
            return readSome(target) > 0;
        }
        int count = Math.min(buffer.remaining(), target.remaining());
        target.put(target.position(), buffer, buffer.position(), count);
        target.position(target.position() + count);
        buffer.position(buffer.position() + count);
        return true;
    }

    private int readSome(ByteBuffer target) {
        int count = blob.read(fetched, target);
        if (count > 0) {
            fetched += count;
            return count;
        }
        if (count == 0) {
            throw new ImageException(
                    ErrorKind.INTERNAL,
                    what + ": reading at offset " + fetched + " gave no bytes; expected at least one");
        }
        if (fetched < blob.size()) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    what + " ended at offset " + fetched + "; expected " + blob.size() + " bytes. Fetch it again");
        }
        return 0;
    }
}
