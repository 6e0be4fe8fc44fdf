package io.lighterage.runtime;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.contentstore.manifest.Manifest;
import java.time.Duration;

/// An image all of whose blobs are in the store.
///
/// @param name the name it is recorded under
/// @param target what the name points at: an index or a manifest
/// @param manifestDescriptor the manifest chosen for the platform
/// @param manifest its contents
/// @param config the image's configuration
/// @param stats what pulling took
public record PulledImage(
        String name,
        Descriptor target,
        Descriptor manifestDescriptor,
        Manifest.Image manifest,
        ImageConfig config,
        Stats stats) {

    /// What pulling took.
    ///
    /// @param fetchedBytes bytes that came over the wire
    /// @param presentBytes bytes the store had already
    /// @param elapsed wall time
    public record Stats(long fetchedBytes, long presentBytes, Duration elapsed) {}
}
