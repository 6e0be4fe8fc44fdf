package io.lighterage.remotesnapshotter.mount;

import io.lighterage.remotesnapshotter.lazy.LazyLayer;
import io.lighterage.remotesnapshotter.lazy.TreeContent;
import io.lighterage.stargz.index.LayerIndex;

/// One layer of an image's tree.
///
/// @param index what is in it
/// @param content the bytes of its files
public record TreeLayer(LayerIndex index, TreeContent content) {
    public static TreeLayer of(LazyLayer layer) {
        return new TreeLayer(layer.index(), layer.content());
    }
}
