package io.lighterage.stargz.format;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;

/// An eStargz layer whose footer says that its table of contents is not in the blob. [TocImage] says which blob
/// holds it; where that comes from is the caller's.
public final class DetachedLayer implements LayerEnd {
    private final Descriptor layer;
    private final LayerSigns signs;
    private final Footer footer;

    DetachedLayer(Descriptor layer, LayerSigns signs, Footer footer) {
        this.layer = layer;
        this.signs = signs;
        this.footer = footer;
    }

    /// The layer with a table of contents that may be anybody's until it is verified: the layer's descriptor has
    /// the digest, so nothing depends on where the table was found.
    ///
    /// @param toc a gzip member that holds the tar entry `stargz.index.json`; left as it is
    /// @throws ImageException INVALID when it is longer than any table may be
    public UnverifiedLayer with(ByteBuffer toc) {
        ByteBuffer stored = toc.slice();
        if (stored.limit() > TocLimits.MAX_BYTES) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the table of contents of layer " + layer.digest() + " has " + stored.limit()
                            + " compressed bytes; expected at most " + TocLimits.MAX_BYTES);
        }
        return new UnverifiedLayer(layer, signs, footer, stored);
    }
}
