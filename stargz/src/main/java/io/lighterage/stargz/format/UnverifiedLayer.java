package io.lighterage.stargz.format;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;

/// A layer whose table of contents has been read but is not yet known to be the image's. Nothing can be done with
/// it but verify it.
public final class UnverifiedLayer implements LayerEnd {
    private final Descriptor layer;
    private final LayerSigns signs;
    private final Footer footer;
    private final ByteBuffer stored;

    UnverifiedLayer(Descriptor layer, LayerSigns signs, Footer footer, ByteBuffer stored) {
        this.layer = layer;
        this.signs = signs;
        this.footer = footer;
        this.stored = stored;
    }

    /// The digest the table of contents has: of the JSON where the annotations give that, else of the JSON as it
    /// is stored.
    ///
    /// @throws ImageException CORRUPT or INVALID when it is not there
    public Digest tocDigest() {
        return signs.json().isPresent()
                ? jsonDigest(signs.json().get())
                : storedDigest(signs.stored().orElseThrow());
    }

    private Digest jsonDigest(Digest promised) {
        return toc().digest(promised.algorithm());
    }

    private Digest storedDigest(Digest promised) {
        var hasher = promised.newHasher();
        hasher.update(stored.duplicate());
        return Digest.finish(promised.algorithm(), hasher);
    }

    private StoredToc toc() {
        return new StoredToc(stored, footer.encoding(), "the table of contents of layer " + layer.digest());
    }

    /// Compares the table of contents with the digest that the layer's descriptor gives.
    ///
    /// @throws ImageException CORRUPT when they differ or the table is broken; INVALID when it is a decompression
    ///     bomb
    public VerifiedLayer verify() {
        if (signs.stored().isPresent()) {
            Digest promised = signs.stored().get();
            require(promised, storedDigest(promised));
        }
        if (signs.json().isPresent()) {
            Digest promised = signs.json().get();
            require(promised, jsonDigest(promised));
        }
        return new VerifiedLayer(layer, footer, toc());
    }

    private void require(Digest promised, Digest actual) {
        if (!promised.equals(actual)) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    "the table of contents of layer " + layer.digest() + " has digest " + actual
                            + "; the image's manifest says " + promised
                            + ". The blob was changed or damaged: nothing of it is used");
        }
    }
}
