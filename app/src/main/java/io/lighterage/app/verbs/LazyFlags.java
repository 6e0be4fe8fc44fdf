package io.lighterage.app.verbs;

import io.lighterage.app.config.DaemonConfig;
import io.lighterage.app.config.SettingValues;
import io.lighterage.app.config.Settings;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The flags of the verbs that mount lazily.
final class LazyFlags {
    @Option(
            names = "--no-background",
            description = "Fetch only what is read, and what the image says is read first; not the rest in the"
                    + " background.")
    private @Nullable Boolean noBackground;

    @Option(
            names = "--bandwidth",
            paramLabel = "BYTES",
            description = "Most bytes a second that the background takes; 0 for no limit (default: 0).")
    private @Nullable Long bandwidth;

    @Option(
            names = "--layers-quota",
            paramLabel = "BYTES",
            description = "Most bytes on disk of lazy layers: those that nobody has mounted are evicted, least"
                    + " recently used first; 0 for no limit (default: 0).")
    private @Nullable Long layersQuota;

    @Option(
            names = "--read-timeout",
            paramLabel = "SECONDS",
            description = "How long a read waits for bytes that do not come before it fails (default:" + " 60).")
    private @Nullable Integer readTimeout;

    /// For a verb that has no configuration file.
    LazyOptions options() {
        return DaemonConfig.of(over(SettingValues.none())).lazy().options().lazy();
    }

    /// What was given, before what is set already.
    SettingValues over(SettingValues set) {
        return set.withFlag(Settings.BACKGROUND, noBackground == null ? null : !noBackground)
                .withFlag(Settings.BANDWIDTH, bandwidth)
                .withFlag(Settings.LAYERS_QUOTA, layersQuota)
                .withFlag(Settings.READ_TIMEOUT, readTimeout == null ? null : Duration.ofSeconds(readTimeout));
    }
}
