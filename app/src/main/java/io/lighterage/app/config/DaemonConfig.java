package io.lighterage.app.config;

import io.lighterage.app.LogFormat;
import io.lighterage.app.LogLevel;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.resolver.HostSettings;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.runtime.MountWay;
import io.lighterage.runtime.remote.RemoteOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The daemon's configuration, complete.
///
/// @param address the socket it makes, where it is known
/// @param root where everything is kept; empty for the usual place
/// @param log what is said on stderr
/// @param imageService the socket of containerd's image service, where that is offered, too
/// @param metricsAddress where monitoring may ask
/// @param lazy how layers come
/// @param registries how registries are reached
public record DaemonConfig(
        Optional<Path> address,
        Optional<Path> root,
        Optional<Path> imageService,
        Optional<String> metricsAddress,
        Log log,
        Lazy lazy,
        Registries registries) {

    /// `[log]`.
    public record Log(LogFormat format, LogLevel level) {}

    /// `[lazy]`.
    ///
    /// @param bandwidth bytes a second in the background; 0 for no limit
    /// @param layersQuota bytes on disk; 0 for no limit
    /// @param mounter how the kernel sees images
    public record Lazy(
            Duration prepareTimeout,
            Duration readTimeout,
            boolean background,
            long bandwidth,
            long layersQuota,
            MountWay mounter) {
        /// For the snapshotter.
        public RemoteOptions options() {
            return RemoteOptions.of(LazyOptions.defaults()
                            .withReadTimeout(readTimeout)
                            .withBackground(background)
                            .withBackgroundBytesPerSecond(bandwidth)
                            .withLayersQuota(layersQuota))
                    .withPatience(prepareTimeout);
        }
    }

    /// `[registries]` and the tables of single ones.
    ///
    /// @param hosts by host as image names have it
    public record Registries(
            Optional<Path> authfile,
            boolean plainHttp,
            boolean tlsVerify,
            Optional<Path> certDirectory,
            int concurrency,
            Duration timeout,
            int retries,
            Map<String, HostSettings> hosts) {
        /// For a server, which takes names from others.
        ///
        /// @param credentials explicit `user:password`, which only the command line can give
        public ResolverConfig resolver(Optional<String> credentials, Map<String, String> environment) {
            return new ResolverConfig(
                            authfile,
                            credentials,
                            tlsVerify,
                            certDirectory,
                            plainHttp,
                            concurrency,
                            timeout,
                            retries,
                            environment)
                    .withHosts(hosts)
                    .withoutLinkLocal();
        }
    }

    /// What is set, with the defaults of [Settings] for the rest.
    public static DaemonConfig of(SettingValues set) {
        Log log = new Log(set.value(Settings.LOG_FORMAT), set.value(Settings.LOG_LEVEL));
        Lazy lazy = new Lazy(
                set.value(Settings.PREPARE_TIMEOUT),
                set.value(Settings.READ_TIMEOUT),
                set.value(Settings.BACKGROUND),
                set.value(Settings.BANDWIDTH),
                set.value(Settings.LAYERS_QUOTA),
                set.value(Settings.MOUNTER));
        Registries registries = new Registries(
                set.given(Settings.AUTHFILE),
                set.value(Settings.PLAIN_HTTP),
                set.value(Settings.TLS_VERIFY),
                set.given(Settings.CERT_DIR),
                set.value(Settings.CONCURRENCY),
                set.value(Settings.TIMEOUT),
                set.value(Settings.RETRIES),
                hosts(set));
        return new DaemonConfig(
                set.given(Settings.ADDRESS),
                set.given(Settings.ROOT),
                set.given(Settings.IMAGE_SERVICE),
                set.given(Settings.METRICS_ADDRESS),
                log,
                lazy,
                registries);
    }

    private static Map<String, HostSettings> hosts(SettingValues set) {
        Map<String, HostSettings> hosts = new TreeMap<>();
        for (String host : set.hosts().keySet()) {
            hosts.put(
                    host,
                    new HostSettings(
                            set.ofHost(host, Settings.HOST_PLAIN_HTTP, Settings.PLAIN_HTTP),
                            set.ofHost(host, Settings.HOST_TLS_VERIFY, Settings.TLS_VERIFY),
                            set.ofHost(host, Settings.HOST_CERT_DIR, Settings.CERT_DIR)));
        }
        return hosts;
    }
}
