package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndex.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Names that a layer gives to files of lower layers. Such a name is the file, with one link more, as when the layers
/// are unpacked into one tree.
final class LinksBelow {
    private final Map<Long, Long> files = new HashMap<>();
    private final LongTable names = new LongTable();

    /// Finds them all, the lowest layer's first: a file may be found by a name that a layer between gave it.
    ///
    /// @throws ImageException INVALID when the lower layers have no such file
    static LinksBelow of(List<LayerIndex> layers) {
        LinksBelow links = new LinksBelow();
        for (int layer = 0; layer < layers.size(); layer++) {
            if (layers.get(layer).hasLinksBelow()) {
                links.find(layers, layer);
            }
        }
        return links;
    }

    private void find(List<LayerIndex> layers, int layer) {
        LayerIndex index = layers.get(layer);
        List<LayerIndex> below = layers.subList(0, layer);
        Optional<ImageTree> tree =
                layer == 0 ? Optional.empty() : Optional.of(new ImageTree(below, LayerMerge.of(below, this)));
        Map<Long, Long> found = new HashMap<>();
        for (int inode = 0; inode < index.inodeCount(); inode++) {
            if (index.kind(inode) == Kind.LINK_BELOW) {
                RawName target = index.target(inode);
                long file = tree.map(all -> all.locate(target)).orElse(ImageTree.NONE);
                if (file == ImageTree.NONE || tree.orElseThrow().isDirectory(file)) {
                    throw new ImageException(
                            ErrorKind.INVALID,
                            "'" + index.path(inode) + "' of layer " + index.layer() + " is a hard link to '" + target
                                    + "', which is no file of this layer nor of one below it. Build the image anew");
                }
                found.put(Node.of(layer, inode), file);
            }
        }
        found.forEach((link, file) -> {
            files.put(link, file);
            names.put(file, names.get(file, 0) + index.linkCount(Node.inode(link)));
        });
    }

    /// What a name of kind LINK_BELOW is a name of.
    long file(long link) {
        Long file = files.get(link);
        if (file == null) {
            throw new IllegalStateException("a link to a lower layer was not looked for");
        }
        return file;
    }

    /// How many names higher layers give to a file.
    int names(long file) {
        return names.isEmpty() ? 0 : names.get(file, 0);
    }
}
