package io.lighterage.stargz;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Bytes in order, handed out as buffers so that nothing is copied on the way. Owned by one thread.
public interface ByteSource extends AutoCloseable {
    /// The next bytes: a direct, non-empty buffer that is the caller's until the next call, or null at the end.
    ///
    /// @throws io.lighterage.contentstore.ImageException CORRUPT when the underlying format is broken, or whatever
    ///     the underlying blob throws
    @Nullable
    ByteBuffer next();

    @Override
    void close();
}
