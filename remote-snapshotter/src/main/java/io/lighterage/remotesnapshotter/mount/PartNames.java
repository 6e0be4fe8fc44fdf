package io.lighterage.remotesnapshotter.mount;

import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The names that the parts of one directory have, in order: each once, with the parts that have it.
final class PartNames {
    private final List<LayerIndex> layers;
    private final long[] parts;
    private final int[] positions;
    private final @Nullable RawName[] heads;
    private @Nullable RawName current;

    PartNames(List<LayerIndex> layers, long[] parts) {
        this.layers = layers;
        this.parts = parts;
        positions = new int[parts.length];
        heads = new RawName[parts.length];
        for (int part = 0; part < parts.length; part++) {
            load(part);
        }
    }

    /// The next name; null when there is no more.
    @Nullable
    RawName next() {
        for (int part = 0; part < parts.length; part++) {
            if (has(part)) {
                positions[part]++;
                load(part);
            }
        }
        RawName least = null;
        for (RawName head : heads) {
            if (head != null && (least == null || head.compareTo(least) < 0)) {
                least = head;
            }
        }
        current = least;
        return least;
    }

    /// Whether a part has the current name.
    boolean has(int part) {
        return current != null && current.equals(heads[part]);
    }

    /// What a part has by the current name.
    long node(int part) {
        int directory = Node.inode(parts[part]);
        return Node.of(Node.layer(parts[part]), index(part).childInode(directory, positions[part]));
    }

    private void load(int part) {
        int directory = Node.inode(parts[part]);
        int position = positions[part];
        heads[part] = position < index(part).childCount(directory) ? index(part).childName(directory, position) : null;
    }

    private LayerIndex index(int part) {
        return layers.get(Node.layer(parts[part]));
    }
}
