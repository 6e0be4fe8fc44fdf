package io.lighterage.mirror;

import io.lighterage.contentstore.Platform;
import io.lighterage.contentstore.manifest.ImageConfig;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One image for a [LayoutWriter].
///
/// @param platform what it runs on
/// @param created when it was made
/// @param execution how to run it
/// @param layers base first
public record LayoutImage(Platform platform, Instant created, ImageConfig.Execution execution, List<LayerFile> layers) {
    public LayoutImage {
        layers = List.copyOf(layers);
    }

    /// An image of 1970 that runs `/bin/sh`: the same layers always give the same digest.
    public LayoutImage(Platform platform, List<LayerFile> layers) {
        this(platform, Instant.EPOCH, SHELL, layers);
    }

    private static final ImageConfig.Execution SHELL = new ImageConfig.Execution(
            "",
            List.of("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            List.of(),
            List.of("/bin/sh"),
            "/",
            Optional.empty(),
            Map.of());
}
