package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;

/// A file that is only appended to, hashed and counted on the way. Owned by one thread.
final class BlobFile implements AutoCloseable {
    private static final int BUFFER = 64 << 10;

    private final Path path;
    private final FileChannel channel;
    private final MessageDigest hasher = Digest.newHasher("sha256");
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    private long position;

    private BlobFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /// Makes the file, or empties it.
    static BlobFile create(Path path) {
        try {
            return new BlobFile(
                    path,
                    FileChannel.open(
                            path,
                            java.util.Set.of(
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.TRUNCATE_EXISTING,
                                    StandardOpenOption.READ,
                                    StandardOpenOption.WRITE),
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))));
        } catch (IOException e) {
            throw failed(path, e);
        }
    }

    /// Makes a file that is gone once it is closed, in the same folder as `sibling`.
    static BlobFile scratch(Path sibling, String suffix) {
        Path path = sibling.resolveSibling(sibling.getFileName() + suffix);
        BlobFile file = create(path);
        try {
            java.nio.file.Files.delete(path);
        } catch (IOException e) {
            file.close();
            throw failed(path, e);
        }
        return file;
    }

    /// Bytes appended so far.
    long position() {
        return position;
    }

    /// Appends the remaining bytes.
    void write(ByteBuffer bytes) {
        position += bytes.remaining();
        hasher.update(bytes.duplicate());
        if (bytes.remaining() > buffer.remaining()) {
            flush();
        }
        if (bytes.remaining() > buffer.remaining()) {
            writeOut(bytes);
        } else {
            buffer.put(bytes);
        }
    }

    /// Appends what is written to the stream; closing that does not close the file.
    OutputStream stream() {
        return new OutputStream() {
            @Override
            public void write(int b) {
                BlobFile.this.write(ByteBuffer.wrap(new byte[] {(byte) b}));
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                BlobFile.this.write(ByteBuffer.wrap(bytes, offset, length));
            }
        };
    }

    /// Reads what was appended, from `offset`, as much as is there and fits.
    void read(long offset, ByteBuffer target) {
        flush();
        long at = offset;
        try {
            while (target.hasRemaining()) {
                int count = channel.read(target, at);
                if (count < 0) {
                    return;
                }
                at += count;
            }
        } catch (IOException e) {
            throw failed(path, e);
        }
    }

    /// Digest of everything; the file takes no more after it.
    Digest digest() {
        flush();
        return Digest.finish("sha256", hasher);
    }

    private void flush() {
        writeOut(buffer.flip());
        buffer.clear();
    }

    private void writeOut(ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw failed(path, e);
        }
    }

    private static ImageException failed(Path path, IOException e) {
        String reason = String.valueOf(e.getMessage());
        ErrorKind kind = switch (e) {
            case ClosedByInterruptException ignored -> ErrorKind.CANCELLED;
            case AccessDeniedException ignored -> ErrorKind.DENIED;
            default ->
                reason.contains("No space left") || reason.contains("quota exceeded")
                        ? ErrorKind.EXHAUSTED
                        : ErrorKind.INTERNAL;
        };
        return new ImageException(
                kind,
                "writing a converted layer to " + path + " failed: " + e
                        + "; a conversion needs room for the layer twice, packed and unpacked",
                e);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw failed(path, e);
        }
    }
}
