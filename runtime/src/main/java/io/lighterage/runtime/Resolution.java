package io.lighterage.runtime;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.manifest.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A reference followed down to one manifest.
///
/// @param name the name the image is recorded under
/// @param documents every document read on the way, the target first, the manifest last
/// @param manifest the manifest chosen for the platform
/// @param platformChosen whether an index was asked for a platform, so that the configuration's need not be checked
record Resolution(String name, List<Document> documents, Manifest.Image manifest, boolean platformChosen) {
    Resolution {
        documents = List.copyOf(documents);
    }

    Descriptor target() {
        return documents.getFirst().descriptor();
    }

    Descriptor manifestDescriptor() {
        return documents.getLast().descriptor();
    }

    /// A manifest or index, byte for byte as it was read.
    static final class Document {
        private final Descriptor descriptor;
        private final byte[] bytes;

        Document(Descriptor descriptor, byte[] bytes) {
            this.descriptor = descriptor;
            this.bytes = bytes.clone();
        }

        Descriptor descriptor() {
            return descriptor;
        }

        byte[] bytes() {
            return bytes.clone();
        }

        String text() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }
}
