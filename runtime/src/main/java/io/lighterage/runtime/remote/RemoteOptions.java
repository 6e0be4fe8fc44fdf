package io.lighterage.runtime.remote;

import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import java.time.Duration;

/// How layers are taken on.
///
/// @param lazy how their bytes come
/// @param patience how long a call may wait for an image to be opened, layers to be pulled for it included, or
///     for one to be mounted
/// @param unused how long an image that is here whole, or comes only when it is read, stays open without a
///     mount
/// @param failed how long a failure to open an image is remembered, so that not each of its layers waits
///     for it
public record RemoteOptions(LazyOptions lazy, Duration patience, Duration unused, Duration failed) {
    /// Half a minute is what stargz-snapshotter waits: while a call waits, containerd cannot collect garbage.
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    public static RemoteOptions of(LazyOptions lazy) {
        return new RemoteOptions(lazy, PATIENCE, Duration.ofMinutes(2), Duration.ofSeconds(10));
    }

    public RemoteOptions withPatience(Duration time) {
        return new RemoteOptions(lazy, time, unused, failed);
    }
}
