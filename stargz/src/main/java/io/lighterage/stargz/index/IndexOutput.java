package io.lighterage.stargz.index;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;

/// Takes the bytes of an index in order, hashes them and hands them on in larger pieces.
final class IndexOutput {
    private static final int BUFFER_BYTES = 64 << 10;

    private final WritableByteChannel target;
    private final MessageDigest hasher;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    IndexOutput(WritableByteChannel target, MessageDigest hasher) {
        this.target = target;
        this.hasher = hasher;
    }

    /// A buffer that takes at least `count` more bytes, few.
    ByteBuffer room(int count) throws IOException {
        if (buffer.remaining() < count) {
            flush();
        }
        return buffer;
    }

    /// Writes many bytes.
    void write(ByteBuffer bytes) throws IOException {
        flush();
        handOn(bytes);
    }

    void flush() throws IOException {
        buffer.flip();
        handOn(buffer);
        buffer.clear();
    }

    private void handOn(ByteBuffer bytes) throws IOException {
        hasher.update(bytes.duplicate());
        while (bytes.hasRemaining()) {
            target.write(bytes);
        }
    }
}
