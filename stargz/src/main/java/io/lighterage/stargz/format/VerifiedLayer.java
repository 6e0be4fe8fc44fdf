package io.lighterage.stargz.format;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndexBuilder;
import java.nio.file.Path;

/// A layer whose table of contents is the one that the image's manifest names.
public final class VerifiedLayer {
    private final Descriptor layer;
    private final Footer footer;
    private final StoredToc toc;

    VerifiedLayer(Descriptor layer, Footer footer, StoredToc toc) {
        this.layer = layer;
        this.footer = footer;
        this.toc = toc;
    }

    /// Writes the layer's index; see [LayerIndexBuilder#write].
    ///
    /// @throws ImageException INVALID for a table of contents that cannot be, naming the entry; UNSUPPORTED
    ///     for what it may say and we do not read; EXHAUSTED when the disk is full
    public LayerIndex writeIndex(Path file) {
        return builder().write(file);
    }

    /// The index, yet to be written.
    ///
    /// @throws ImageException as [#writeIndex]
    LayerIndexBuilder builder() {
        LayerIndexBuilder builder = new LayerIndexBuilder(layer.digest(), footer.encoding());
        toc.parse(new TocEntries(builder, footer, "layer " + layer.digest()));
        return builder;
    }
}
