package io.lighterage.runtime;

import io.lighterage.contentstore.Descriptor;
import java.time.Duration;

/// An image in its new form, at its destination.
///
/// @param name where it is
/// @param target what the name stands for: an index or a manifest
/// @param images manifests in it
/// @param converted layers that were converted
/// @param kept layers that are as they were
/// @param bytesBefore bytes of the converted layers' blobs before
/// @param bytesAfter and after
/// @param elapsed wall time
public record ConvertedImage(
        String name,
        Descriptor target,
        int images,
        int converted,
        int kept,
        long bytesBefore,
        long bytesAfter,
        Duration elapsed) {}
