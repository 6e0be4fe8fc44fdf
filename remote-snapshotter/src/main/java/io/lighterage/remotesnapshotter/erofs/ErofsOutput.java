package io.lighterage.remotesnapshotter.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;

/// An image on its way out: counts, hashes and collects its bytes.
final class ErofsOutput {
    private static final byte[] ZEROS = new byte[ErofsFormat.BLOCK];

    private final WritableByteChannel target;
    private final MessageDigest hasher;
    private final ByteBuffer collected = ByteBuffer.allocateDirect(256 << 10);
    private long position;

    /// @param position where in the image the first byte will be
    ErofsOutput(WritableByteChannel target, MessageDigest hasher, long position) {
        this.target = target;
        this.hasher = hasher;
        this.position = position;
    }

    long position() {
        return position;
    }

    /// Writes the remaining bytes.
    void put(ByteBuffer bytes) throws IOException {
        position += bytes.remaining();
        while (bytes.hasRemaining()) {
            if (!collected.hasRemaining()) {
                flush();
            }
            int part = Math.min(bytes.remaining(), collected.remaining());
            collected.put(bytes.slice(bytes.position(), part));
            bytes.position(bytes.position() + part);
        }
    }

    void zerosTo(long offset) throws IOException {
        while (position < offset) {
            put(ByteBuffer.wrap(ZEROS, 0, (int) Math.min(ZEROS.length, offset - position)));
        }
    }

    void flush() throws IOException {
        collected.flip();
        hasher.update(collected.duplicate());
        while (collected.hasRemaining()) {
            target.write(collected);
        }
        collected.clear();
    }
}
