package io.lighterage.stargz.format;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import java.util.Map;

/// A layer in its new form.
///
/// @param form the form
/// @param digest digest of the blob
/// @param size length of the blob in bytes
/// @param diffId digest of the blob's uncompressed tar stream
/// @param sourceDiffId digest of the tar stream it was made from, to the end
/// @param annotations what its descriptor must say, beside what it said before
public record ConvertedLayer(
        LayerForm form, Digest digest, long size, Digest diffId, Digest sourceDiffId, Map<String, String> annotations) {
    public ConvertedLayer {
        annotations = Map.copyOf(annotations);
    }

    /// The layer's descriptor.
    public Descriptor descriptor() {
        return new Descriptor(form.mediaType(), digest, size).withAnnotations(annotations);
    }
}
