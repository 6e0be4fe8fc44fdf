package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.time.Duration;

/// How lazy layers are filled.
///
/// @param readTimeout how long a read waits for bytes that are not here before it fails with UNAVAILABLE
/// @param background whether everything is fetched in the end, or only what is read and the prioritized ranges
/// @param backgroundBytesPerSecond cap of the background fetch, compressed bytes; 0 for none
/// @param streams requests of prefetch and background fetch at once
/// @param layersQuota bytes on disk that all layers below the root may take before those that nobody uses are evicted,
///     least recently used first; 0 for no limit
public record LazyOptions(
        Duration readTimeout, boolean background, long backgroundBytesPerSecond, int streams, long layersQuota) {
    public LazyOptions {
        if (!readTimeout.isPositive() || backgroundBytesPerSecond < 0 || streams < 1 || layersQuota < 0) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "lazy options readTimeout=" + readTimeout + ", backgroundBytesPerSecond=" + backgroundBytesPerSecond
                            + ", streams=" + streams + ", layersQuota=" + layersQuota
                            + " are not valid; expected a positive time, no negative rate or quota and a stream or"
                            + " more");
        }
    }

    /// A minute of patience (a registry's hiccup with its retries fits in, a user's patience does not end
    /// before), everything in the background without a cap, and as many streams as a pull has.
    public static LazyOptions defaults() {
        return new LazyOptions(Duration.ofSeconds(60), true, 0, 4, 0);
    }

    public LazyOptions withBackground(boolean wanted) {
        return new LazyOptions(readTimeout, wanted, backgroundBytesPerSecond, streams, layersQuota);
    }

    public LazyOptions withReadTimeout(Duration time) {
        return new LazyOptions(time, background, backgroundBytesPerSecond, streams, layersQuota);
    }

    public LazyOptions withBackgroundBytesPerSecond(long rate) {
        return new LazyOptions(readTimeout, background, rate, streams, layersQuota);
    }

    public LazyOptions withLayersQuota(long bytes) {
        return new LazyOptions(readTimeout, background, backgroundBytesPerSecond, streams, bytes);
    }
}
