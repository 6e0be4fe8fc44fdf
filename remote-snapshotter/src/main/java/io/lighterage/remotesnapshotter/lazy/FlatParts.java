package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.stargz.index.LayerIndex;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What a flat file works with.
///
/// @param index where everything is
/// @param store the file on disk
/// @param sources where the blob is
/// @param traffic who may use the link
/// @param demandBuffers memory for what somebody waits for
/// @param bulkBuffers memory for everything else
/// @param pacer the background's bandwidth cap, or null
/// @param statistics of the layer
/// @param readTimeout how long a read waits
/// @param everything whether all of the layer is fetched in the end, so that what lies beside a read costs nothing
record FlatParts(
        LayerIndex index,
        ChunkStore store,
        Sources sources,
        Traffic traffic,
        Buffers demandBuffers,
        Buffers bulkBuffers,
        @Nullable Pacer pacer,
        LayerStatistics statistics,
        Duration readTimeout,
        boolean everything) {}
