package io.lighterage.runtime;

import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.resolver.ImageSource;

/// Reads an image's documents from the store where they are here, else from their source: of an image that is
/// recorded, those of platforms nobody pulled may be missing.
///
/// @param content the store
/// @param source the image at its source
record DocumentReader(ContentStore content, ImageSource source) {
    /// A whole document, verified.
    byte[] get(Descriptor descriptor) {
        return content.info(descriptor.digest()).isPresent()
                ? Documents.read(content, descriptor)
                : source.document(descriptor);
    }
}
