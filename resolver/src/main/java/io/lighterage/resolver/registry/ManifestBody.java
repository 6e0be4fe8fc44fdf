package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Descriptor;

/// A manifest as it came, verified against its descriptor.
final class ManifestBody {
    private final Descriptor descriptor;
    private final byte[] bytes;

    ManifestBody(Descriptor descriptor, byte[] bytes) {
        this.descriptor = descriptor;
        this.bytes = bytes.clone();
    }

    Descriptor descriptor() {
        return descriptor;
    }

    byte[] bytes() {
        return bytes.clone();
    }
}
