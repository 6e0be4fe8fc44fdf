package io.lighterage.remotesnapshotter.flat;

import io.lighterage.remotesnapshotter.lazy.TreeContent;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;

/// One flat file in the directory; equal to itself only.
final class FlatNode {
    private final long node;
    private final RawName name;
    private final LayerIndex index;
    private final TreeContent content;
    private final long size;

    /// @param size bytes of the file
    FlatNode(long node, RawName name, LayerIndex index, TreeContent content, long size) {
        this.node = node;
        this.name = name;
        this.index = index;
        this.content = content;
        this.size = size;
    }

    long node() {
        return node;
    }

    RawName name() {
        return name;
    }

    LayerIndex index() {
        return index;
    }

    TreeContent content() {
        return content;
    }

    long size() {
        return size;
    }

    /// The file of the layer whose bytes are at an offset, or the one behind, for messages.
    RawName path(long flatOffset) {
        int chunk = index.chunkAt(flatOffset);
        return chunk < index.chunkCount() ? index.path(index.chunkInode(chunk)) : RawName.EMPTY;
    }
}
