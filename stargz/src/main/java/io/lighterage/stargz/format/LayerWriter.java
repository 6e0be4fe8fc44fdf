package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.tar.TarEntry;
import java.nio.ByteBuffer;

/// Writes one layer, entry by entry.
interface LayerWriter extends AutoCloseable {
    /// Begins an entry without holes; [TarEntry#size] bytes must follow.
    ///
    /// @param cuts where its chunks begin
    /// @throws io.lighterage.contentstore.ImageException INVALID when the format cannot hold it
    void begin(TarEntry entry, ChunkCuts cuts);

    /// The next bytes of the payload.
    void payload(ByteBuffer bytes);

    /// So many bytes of the payload that are zero.
    void zeros(long count);

    /// Says that what was written is to be fetched first, and before all else.
    void endOfPrefetch();

    /// Writes index and footer.
    ///
    /// @param source digest of the tar stream that was read
    ConvertedLayer finish(Digest source);

    @Override
    void close();
}
