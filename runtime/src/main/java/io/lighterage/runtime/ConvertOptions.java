package io.lighterage.runtime;

import io.lighterage.contentstore.Platform;
import io.lighterage.stargz.format.CompressionPool;
import io.lighterage.stargz.format.LayerForm;
import io.lighterage.stargz.format.PriorityList;
import java.util.Optional;
import java.util.OptionalInt;

/// How an image is converted.
///
/// @param form what its layers become
/// @param chunkSize bytes of a chunk; empty means the usual
/// @param priorities files to place first
/// @param platform the one platform to convert; empty means all there are
public record ConvertOptions(
        LayerForm form, OptionalInt chunkSize, PriorityList priorities, Optional<Platform> platform) {
    /// Everything as usual.
    public static ConvertOptions to(LayerForm form) {
        return new ConvertOptions(form, OptionalInt.empty(), PriorityList.NONE, Optional.empty());
    }

    int chunkBytes() {
        return chunkSize.orElse(CompressionPool.DEFAULT_CHUNK);
    }

    /// Whether a layer that has the form already is as good as converted.
    boolean keepsWhatHasTheForm() {
        return chunkSize.isEmpty() && priorities.isEmpty();
    }
}
