package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.RawName;

/// Hears which parts of which files are read, each chunk once, in the order of the first reads. Called from the
/// reading threads; must not block.
@FunctionalInterface
public interface DemandListener {
    void demanded(Chunk chunk);

    /// One chunk that was read.
    ///
    /// @param layer digest of the layer's blob
    /// @param path the file, as in the layer, without leading slash
    /// @param offset where the chunk begins in the file
    /// @param length bytes of the chunk
    /// @param blobOffset where the range of the blob begins that has to be fetched for it; chunks may share one
    /// @param blobLength compressed bytes of that range; 0 for a chunk of zeros only
    record Chunk(Digest layer, RawName path, long offset, long length, long blobOffset, long blobLength) {}
}
