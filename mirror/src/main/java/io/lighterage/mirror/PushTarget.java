package io.lighterage.mirror;

import io.lighterage.contentstore.Digest;
import java.nio.ByteBuffer;

/// An [Upstream] that also takes content.
public interface PushTarget extends Upstream {
    /// Opens a blob to be written; nothing is visible before [Incoming#commit].
    Incoming newBlob(String repository);

    /// Stores a manifest under its digest and, when `reference` is a tag, under that tag too.
    void putManifest(String repository, String reference, StoredManifest manifest);

    /// A blob on its way in. Used by one thread at a time.
    interface Incoming extends AutoCloseable {
        /// Appends the remaining bytes.
        void write(ByteBuffer bytes);

        /// Bytes written so far.
        long size();

        /// Makes the bytes readable under `expected`.
        ///
        /// @throws io.lighterage.contentstore.ImageException CORRUPT when they have another digest; they
        ///     are dropped
        void commit(Digest expected);

        /// Drops the bytes unless they were committed.
        @Override
        void close();
    }
}
