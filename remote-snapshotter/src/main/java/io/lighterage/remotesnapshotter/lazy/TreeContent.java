package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/// The bytes of one layer's files, by their offset in the layer's flat file. Thread-safe.
public interface TreeContent {
    /// Whether [#read] of the range would wait for nothing.
    boolean isHere(long flatOffset, long length);

    /// Returns when the range is here.
    ///
    /// @throws ImageException when it cannot be had: UNAVAILABLE, CORRUPT, EXHAUSTED and others
    void ensure(long flatOffset, long length);

    /// Fills `target`, up to the end of the flat file, with verified bytes; fetches what is not here.
    ///
    /// @return how many bytes were put
    /// @throws ImageException as [#ensure]; never puts wrong bytes
    int read(long flatOffset, ByteBuffer target);

    /// Whether reading any of it fetches nothing, so that reading more than was asked for costs little.
    default boolean isFetched() {
        return isHere(0, Long.MAX_VALUE);
    }

    /// The flat file itself where all of it is here and verified, so that nobody needs to serve it.
    default Optional<Path> whole() {
        return Optional.empty();
    }
}
