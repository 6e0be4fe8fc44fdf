package io.lighterage.stargz.format;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.manifest.Manifest;
import java.util.Optional;

/// The image that holds the tables of contents of another one's layers. It stands in the same repository, under
/// the other's tag with a suffix, and is one manifest for all platforms; each of its layers is a gzip member that
/// holds a table as the tar entry `stargz.index.json`, and is annotated with the digest of the layer it is for.
///
/// @param manifest of that image
public record TocImage(Manifest.Image manifest) {
    /// What the image's tag has behind that of the image it is for.
    public static final String TAG_SUFFIX = "-esgztoc";

    /// Digest of the layer that a table is for.
    static final String LAYER_DIGEST = "containerd.io/snapshot/stargz/layer.digest";

    /// The blob that holds the table of a layer: the first that says so.
    ///
    /// @param layer of the other image
    /// @return empty when the image has none
    /// @throws ImageException INVALID when it is longer than any table may be
    public Optional<Descriptor> tocOf(Descriptor layer) {
        String digest = layer.digest().toString();
        Optional<Descriptor> found = manifest.layers().stream()
                .filter(toc -> digest.equals(toc.annotations().get(LAYER_DIGEST)))
                .findFirst();
        found.ifPresent(toc -> {
            if (toc.size() > TocLimits.MAX_BYTES) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        "blob " + toc.digest() + ", the table of contents of layer " + digest + ", has " + toc.size()
                                + " bytes; expected at most " + TocLimits.MAX_BYTES);
            }
        });
        return found;
    }
}
