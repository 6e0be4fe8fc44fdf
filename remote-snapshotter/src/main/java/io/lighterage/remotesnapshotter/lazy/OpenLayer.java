package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.stargz.index.LayerIndex;

/// A layer that is open in this process, shared by all images that have it.
///
/// @param descriptor the layer, as the image that opened it names it
/// @param place its directory
/// @param index its tree
/// @param content its bytes
/// @param sources where missing bytes come from
/// @param statistics what happened to it
record OpenLayer(
        Descriptor descriptor,
        LayerPlace place,
        LayerIndex index,
        FlatFile content,
        Sources sources,
        LayerStatistics statistics)
        implements AutoCloseable {
    @Override
    public void close() {
        try {
            content.close();
        } finally {
            place.close();
        }
    }
}
