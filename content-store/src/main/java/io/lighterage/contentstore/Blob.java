package io.lighterage.contentstore;

import java.nio.ByteBuffer;

/// Immutable bytes of known length, read by position. The seam every decorator of the data path stacks on.
///
/// Implementations are safe for use by several threads at once.
public interface Blob extends AutoCloseable {
    /// Length in bytes.
    long size();

    /// Reads at least one byte at `position` into `target`, as many as are at hand, advancing the buffer.
    ///
    /// @return the number of bytes read, or -1 when `position` is at or past the end
    /// @throws ImageException when the bytes cannot be had
    int read(long position, ByteBuffer target);

    @Override
    void close();

    /// Reads exactly the remaining bytes of `target`.
    ///
    /// @throws ImageException CORRUPT when the blob ends first
    default void readFully(long position, ByteBuffer target) {
        long at = position;
        while (target.hasRemaining()) {
            int count = read(at, target);
            if (count < 0) {
                throw new ImageException(
                        ErrorKind.CORRUPT,
                        "blob of " + size() + " bytes ended at " + at + "; expected " + target.remaining()
                                + " bytes more");
            }
            at += count;
        }
    }
}
