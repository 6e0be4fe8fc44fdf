package io.lighterage.runtime;

import io.lighterage.contentstore.Platform;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import java.nio.file.Path;
import java.util.Optional;

/// An image to be mounted before it is here.
///
/// @param reference what the user names it by
/// @param platform the platform wanted; empty means this machine's
/// @param directory an empty directory
/// @param refresh whether the source is asked what the reference stands for although the image is recorded here
/// @param options how its bytes come
/// @param way how the kernel is to see it
public record MountRequest(
        String reference,
        Optional<Platform> platform,
        Path directory,
        boolean refresh,
        LazyOptions options,
        MountWay way) {
    /// This machine's platform, what is recorded, and the usual options.
    public static MountRequest of(String reference, Path directory) {
        return new MountRequest(reference, Optional.empty(), directory, false, LazyOptions.defaults(), MountWay.TREE);
    }

    public MountRequest withPlatform(Optional<Platform> replaced) {
        return new MountRequest(reference, replaced, directory, refresh, options, way);
    }

    public MountRequest withRefresh(boolean replaced) {
        return new MountRequest(reference, platform, directory, replaced, options, way);
    }

    public MountRequest withOptions(LazyOptions replaced) {
        return new MountRequest(reference, platform, directory, refresh, replaced, way);
    }

    public MountRequest withDirectory(Path replaced) {
        return new MountRequest(reference, platform, replaced, refresh, options, way);
    }

    public MountRequest withWay(MountWay replaced) {
        return new MountRequest(reference, platform, directory, refresh, options, replaced);
    }
}
