package io.lighterage.mirror;

import io.lighterage.contentstore.Digest;
import java.io.IOException;
import java.io.InputStream;

/// One layer for a [LayoutWriter].
///
/// @param mediaType such as [io.lighterage.contentstore.MediaType#OCI_LAYER_GZIP]
/// @param diffId digest of the uncompressed tar; taken on trust
/// @param createdBy how the layer came to be, for people, or empty
/// @param bytes opens the layer as it is to be stored; read once and closed
public record LayerFile(String mediaType, Digest diffId, String createdBy, Source bytes) {
    /// Opens a stream of the same bytes each time.
    @FunctionalInterface
    public interface Source {
        InputStream open() throws IOException;
    }
}
