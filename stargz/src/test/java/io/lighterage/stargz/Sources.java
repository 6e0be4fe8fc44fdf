package io.lighterage.stargz;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// Byte sources and blobs over bytes in memory or files, in pieces of a chosen size.
public final class Sources {
    private Sources() {}

    /// The bytes in direct pieces of at most `piece` bytes.
    public static ByteSource of(byte[] bytes, int piece) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(Math.max(1, Math.min(piece, bytes.length)));
        return new ByteSource() {
            private int at;

            @Override
            public @Nullable ByteBuffer next() {
                int count = Math.min(buffer.capacity(), bytes.length - at);
                if (count == 0) {
                    return null;
                }
                // what was handed out before must not be relied upon any more
                buffer.clear().put(bytes, at, count).flip();
                at += count;
                return buffer;
            }

            @Override
            public void close() {}
        };
    }

    public static ByteSource of(byte[] bytes) {
        return of(bytes, 1 << 16);
    }

    /// A blob whose reads give at most `piece` bytes.
    public static Blob blob(byte[] bytes, int piece) {
        return new Blob() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public int read(long position, ByteBuffer target) {
                if (position >= bytes.length) {
                    return -1;
                }
                int count = Math.min(Math.min(piece, target.remaining()), bytes.length - (int) position);
                target.put(bytes, (int) position, count);
                return count;
            }

            @Override
            public void close() {}
        };
    }

    public static Blob blob(byte[] bytes) {
        return blob(bytes, Integer.MAX_VALUE);
    }

    /// A blob over a file.
    public static Blob blob(Path file) {
        FileChannel channel;
        long size;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ);
            size = channel.size();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Blob() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public int read(long position, ByteBuffer target) {
                try {
                    return channel.read(target, position);
                } catch (IOException e) {
                    throw new ImageException(ErrorKind.UNAVAILABLE, "reading " + file + ": " + e, e);
                }
            }

            @Override
            public void close() {
                try {
                    channel.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
    }

    /// Everything the source still has.
    public static byte[] readAll(ByteSource source) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (ByteBuffer piece = source.next(); piece != null; piece = source.next()) {
            byte[] bytes = new byte[piece.remaining()];
            piece.get(bytes);
            all.writeBytes(bytes);
        }
        return all.toByteArray();
    }

    /// A blob whose bytes arrive when the test says so; a read waits for its first one.
    public static final class GrowingBlob implements Blob {
        private final byte[] bytes;
        private int arrived;

        public GrowingBlob(byte[] bytes) {
            this.bytes = bytes.clone();
        }

        /// Lets `count` more bytes be read, and never more than there are.
        public synchronized void grow(int count) {
            arrived = Math.min(bytes.length, arrived + count);
            notifyAll();
        }

        public synchronized int arrived() {
            return arrived;
        }

        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public synchronized int read(long position, ByteBuffer target) {
            if (position >= bytes.length) {
                return -1;
            }
            try {
                while (arrived <= position) {
                    wait();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for bytes", e);
            }
            int count = Math.min(target.remaining(), arrived - (int) position);
            target.put(bytes, (int) position, count);
            return count;
        }

        @Override
        public void close() {}
    }
}
