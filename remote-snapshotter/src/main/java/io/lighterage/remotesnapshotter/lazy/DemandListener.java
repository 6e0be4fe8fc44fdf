package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;

/// Hears which parts of which files are read. Called from the reading threads; must not block.
public interface DemandListener {
    /// A chunk was read, for the first time.
    void demanded(Chunk chunk);

    /// A file was read, be it for the first time or not.
    ///
    /// @param layer what it is in
    /// @param file its inode
    /// @param offset where in the file
    /// @param length bytes
    void read(LayerIndex layer, int file, long offset, long length);

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
