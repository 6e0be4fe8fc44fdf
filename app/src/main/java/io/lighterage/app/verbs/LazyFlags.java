package io.lighterage.app.verbs;

import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import java.time.Duration;
import picocli.CommandLine.Option;

/// The flags of the verbs that mount lazily.
final class LazyFlags {
    @Option(
            names = "--no-background",
            description = "Fetch only what is read, and what the image says is read first; not the rest in the"
                    + " background.")
    private boolean noBackground;

    @Option(
            names = "--bandwidth",
            paramLabel = "BYTES",
            defaultValue = "0",
            description = "Most bytes a second that the background takes; 0 for no limit (default: ${DEFAULT-VALUE}).")
    private long bandwidth;

    @Option(
            names = "--layers-quota",
            paramLabel = "BYTES",
            defaultValue = "0",
            description = "Most bytes on disk of lazy layers: those that nobody has mounted are evicted, least"
                    + " recently used first; 0 for no limit (default: ${DEFAULT-VALUE}).")
    private long layersQuota;

    @Option(
            names = "--read-timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long a read waits for bytes that do not come before it fails (default:"
                    + " ${DEFAULT-VALUE}).")
    private int readTimeout = 60;

    LazyOptions options() {
        return LazyOptions.defaults()
                .withBackground(!noBackground)
                .withBackgroundBytesPerSecond(bandwidth)
                .withLayersQuota(layersQuota)
                .withReadTimeout(Duration.ofSeconds(readTimeout));
    }
}
