package io.lighterage.contentstore;

import java.nio.ByteBuffer;
import java.util.List;

/// One blob while it is being written. Writes may come in any order and from several threads.
///
/// What was written survives the process: closing without [#commit] keeps the bytes, and the next ingest of the
/// same digest begins with them. The digest is computed along the way over the contiguous prefix.
public interface Ingest extends AutoCloseable {
    /// What the content must become.
    Descriptor expected();

    /// The byte ranges still to be written, in order. Empty when everything is here.
    List<ByteRange> missing();

    /// Writes all remaining bytes of `source` at `offset`, save those that are here already: the first writer of a
    /// byte wins, and when it was wrong the commit finds out.
    ///
    /// @throws ImageException CORRUPT when the write would pass the expected size; EXHAUSTED when the disk is full
    void write(long offset, ByteBuffer source);

    /// Number of bytes that are here without a gap, from offset 0.
    long contiguous();

    /// A view that can be read while the blob is still being written: a read waits until its first byte is here.
    /// When the ingest is closed without a commit, waiting readers get the ImageException given to [#fail], or
    /// CANCELLED. The view stays readable after the commit. The bytes are unverified until the commit succeeds.
    Blob tail();

    /// Tells readers of [#tail] why the bytes will not come. Does nothing after a commit.
    void fail(ImageException cause);

    /// Verifies size and digest, makes the blob durable and visible.
    ///
    /// @throws ImageException CORRUPT when size or digest differ; the bytes are then thrown away, since no part of
    ///     them can be trusted. PRECONDITION when bytes are missing.
    BlobInfo commit();

    /// Gives up the writer's place. Without a commit the bytes written so far stay for the next ingest.
    @Override
    void close();

    /// Bytes `[offset, offset + length)`.
    record ByteRange(long offset, long length) {
        public ByteRange {
            if (offset < 0 || length < 0) {
                throw new ImageException(
                        ErrorKind.INVALID, "range " + offset + "+" + length + " is not valid; expected no negatives");
            }
        }

        /// The first offset after the range.
        public long end() {
            return offset + length;
        }
    }
}
