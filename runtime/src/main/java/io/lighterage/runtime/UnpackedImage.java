package io.lighterage.runtime;

import java.nio.file.Path;
import java.util.List;

/// An image unpacked to disk.
///
/// @param image the image
/// @param roots one root directory, or one directory a layer, base first, ready to be overlay's lower directories
/// @param entries tar entries applied
/// @param bytes uncompressed bytes of all layers
/// @param omissions what could not be set, in words, one line a kind; empty when the tree is exact
public record UnpackedImage(PulledImage image, List<Path> roots, long entries, long bytes, List<String> omissions) {
    public UnpackedImage {
        roots = List.copyOf(roots);
        omissions = List.copyOf(omissions);
    }
}
