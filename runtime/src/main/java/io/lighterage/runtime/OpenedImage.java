package io.lighterage.runtime;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.remotesnapshotter.lazy.LazyImage;
import java.time.Duration;

/// An image that can be mounted and run while its bytes are still on their way.
///
/// @param layers what to read; closed by [#close]
/// @param target what the name stands for: an index or a manifest
/// @param manifest the manifest chosen for the platform; equal to `target` where that is no index
/// @param config how to run it
/// @param resolving how long it took to learn what the reference stands for
public record OpenedImage(
        LazyImage layers, Descriptor target, Descriptor manifest, ImageConfig config, Duration resolving)
        implements AutoCloseable {
    public String name() {
        return layers.name();
    }

    @Override
    public void close() {
        layers.close();
    }
}
