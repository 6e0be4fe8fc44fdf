package io.lighterage.app.config;

import io.lighterage.app.LogFormat;
import io.lighterage.app.LogLevel;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.runtime.MountWay;
import io.lighterage.runtime.remote.RemoteOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// What the configuration file may say.
public final class Settings {
    /// The table of one registry is below this one, named for the registry's host.
    public static final String REGISTRY = "registry";

    /// A day: nobody waits longer, and a number of milliseconds taken for seconds is noticed.
    private static final Duration DAY = Duration.ofDays(1);

    private static final LazyOptions LAZY = LazyOptions.defaults();
    private static final ResolverConfig RESOLVER = ResolverConfig.defaults();

    public static final Setting<Path> ADDRESS = Setting.optional(
            "address",
            ValueType.path(),
            "must be given here or by the flag",
            "--address",
            "The unix socket to make, which containerd's configuration names under proxy_plugins. Only its owner can"
                    + " open it.",
            "\"/run/lighter/snapshotter.sock\"");

    public static final Setting<Path> ROOT = Setting.optional(
            "root",
            ValueType.path(),
            "`/var/lib/lighterage` for root",
            "--root",
            "Where images, layers and snapshots are kept.",
            "\"/var/lib/lighterage\"");

    public static final Setting<Path> IMAGE_SERVICE = Setting.optional(
            "image-service",
            ValueType.path(),
            "no image service",
            "--image-service",
            "The socket of containerd's image service, which is then offered on `address`, too: what the kubelet pulls"
                    + " through it is learned, and used for the layers.",
            "\"/run/containerd/containerd.sock\"");

    public static final Setting<String> METRICS_ADDRESS = Setting.optional(
            "metrics-address",
            ValueType.text(),
            "no metrics",
            "--metrics-address",
            "Host and port where `/metrics`, in the text format of Prometheus, and `/healthz` are served over HTTP.",
            "\"127.0.0.1:9780\"");

    public static final Setting<LogFormat> LOG_FORMAT = Setting.of(
            "log.format",
            ValueType.choice(LogFormat.class),
            LogFormat.TEXT,
            "--log-format",
            "Lines for people, or one JSON object a line (time, level, logger, message, exception).",
            "\"json\"");

    public static final Setting<LogLevel> LOG_LEVEL = Setting.of(
            "log.level",
            ValueType.choice(LogLevel.class),
            LogLevel.WARNING,
            "--log-level",
            "The least severe events that are logged. The variable `LIGHTER_LOG` goes before the default and after"
                    + " this setting; libraries log errors only, unless it says otherwise.",
            "\"info\"");

    public static final Setting<Duration> PREPARE_TIMEOUT = Setting.of(
            "lazy.prepare-timeout",
            ValueType.duration(Duration.ofMillis(1), DAY),
            RemoteOptions.PATIENCE,
            "--prepare-seconds",
            "Longest that containerd waits for an image to be opened, layers without a table of contents to be pulled"
                    + " included; after it containerd pulls by itself.",
            "\"30s\"");

    public static final Setting<Duration> READ_TIMEOUT = Setting.of(
            "lazy.read-timeout",
            ValueType.duration(Duration.ofMillis(1), DAY),
            LAZY.readTimeout(),
            "--read-timeout",
            "How long a read in a container waits for bytes that do not come before it fails.",
            "\"2m\"");

    public static final Setting<Boolean> BACKGROUND = Setting.of(
            "lazy.background",
            ValueType.truth(),
            LAZY.background(),
            "--no-background",
            "Whether the rest of an image is fetched in the background, besides what is read and what the image says"
                    + " is read first.",
            "false");

    public static final Setting<Long> BANDWIDTH = Setting.of(
            "lazy.bandwidth",
            ValueType.size(),
            LAZY.backgroundBytesPerSecond(),
            "--bandwidth",
            "Most bytes a second that the background takes; 0 for no limit.",
            "\"20MB\"");

    public static final Setting<Long> LAYERS_QUOTA = Setting.of(
            "lazy.layers-quota",
            ValueType.size(),
            LAZY.layersQuota(),
            "--layers-quota",
            "Most bytes on disk of lazy layers: those that nobody has mounted are evicted, least recently used first;"
                    + " 0 for no limit.",
            "\"50GiB\"");

    public static final Setting<MountWay> MOUNTER = Setting.of(
            "lazy.mounter",
            ValueType.choice(MountWay.class),
            MountWay.AUTO,
            "--mounter",
            "How the kernel sees images: `erofs` (it answers for names itself and asks for bytes only), `tree` (every"
                    + " question is answered over FUSE), or `auto`: erofs where that can be done, else tree.",
            "\"tree\"");

    public static final Setting<Path> AUTHFILE = Setting.optional(
            "registries.authfile",
            ValueType.path(),
            "the places where Docker and podman keep it",
            "--authfile",
            "Docker config.json or podman auth.json to take credentials from, instead of the usual places. Passwords"
                    + " have no place in this file.",
            "\"/etc/lighter/auth.json\"");

    public static final Setting<Boolean> PLAIN_HTTP = Setting.of(
            "registries.plain-http",
            ValueType.truth(),
            RESOLVER.plainHttp(),
            "--plain-http",
            "Speak HTTP without TLS with every registry.",
            "false");

    public static final Setting<Boolean> TLS_VERIFY = Setting.of(
            "registries.tls-verify",
            ValueType.truth(),
            RESOLVER.tlsVerify(),
            "--tls-verify",
            "Whether certificates are checked.",
            "true");

    public static final Setting<Path> CERT_DIR = Setting.optional(
            "registries.cert-dir",
            ValueType.path(),
            "`/etc/containers/certs.d/HOST` and `/etc/docker/certs.d/HOST`",
            "--cert-dir",
            "Folder with the CA of the registries (`*.crt`) and a client certificate (`*.cert`, `*.key`).",
            "\"/etc/lighter/certs\"");

    public static final Setting<Integer> CONCURRENCY = Setting.of(
            "registries.concurrency",
            ValueType.count(1, 1000),
            RESOLVER.concurrency(),
            "--concurrency",
            "Requests in flight at once, for each image.",
            "8");

    public static final Setting<Duration> TIMEOUT = Setting.of(
            "registries.timeout",
            ValueType.duration(Duration.ofMillis(1), DAY),
            RESOLVER.timeout(),
            "",
            "Longest silence on a connection before it counts as dead.",
            "\"20s\"");

    public static final Setting<Integer> RETRIES = Setting.of(
            "registries.retries",
            ValueType.count(0, 100),
            RESOLVER.retries(),
            "",
            "Attempts after the first, for failures worth repeating.",
            "3");

    /// Everything outside the tables of single registries, in the order of the reference page.
    public static final List<Setting<?>> ALL = List.of(
            ADDRESS,
            ROOT,
            IMAGE_SERVICE,
            METRICS_ADDRESS,
            LOG_FORMAT,
            LOG_LEVEL,
            PREPARE_TIMEOUT,
            READ_TIMEOUT,
            BACKGROUND,
            BANDWIDTH,
            LAYERS_QUOTA,
            MOUNTER,
            AUTHFILE,
            PLAIN_HTTP,
            TLS_VERIFY,
            CERT_DIR,
            CONCURRENCY,
            TIMEOUT,
            RETRIES);

    public static final Setting<Boolean> HOST_PLAIN_HTTP =
            ofHost("plain-http", ValueType.truth(), PLAIN_HTTP, "Speak HTTP without TLS with this registry.", "true");

    public static final Setting<Boolean> HOST_TLS_VERIFY = ofHost(
            "tls-verify",
            ValueType.truth(),
            TLS_VERIFY,
            "Whether certificates of this registry, and of the hosts it redirects to, are checked.",
            "true");

    public static final Setting<Path> HOST_CERT_DIR = ofHost(
            "cert-dir",
            ValueType.path(),
            CERT_DIR,
            "Folder with the CA of this registry (`*.crt`) and a client certificate (`*.cert`, `*.key`).",
            "\"/etc/lighter/certs/internal\"");

    /// What may stand in the table of one registry.
    public static final List<Setting<?>> OF_HOST = List.of(HOST_PLAIN_HTTP, HOST_TLS_VERIFY, HOST_CERT_DIR);

    /// What a table is about, for the reference page.
    public static final Map<String, String> TABLES = Map.of(
            "",
            "At the top, before the first table.",
            "log",
            "What is said on stderr.",
            "lazy",
            "How layers come that are read before they are here.",
            "registries",
            "How registries are reached.",
            REGISTRY,
            "How one registry is reached: a table for each, named for the host, and port if any, as image names"
                    + " have it (`docker.io`, `registry.internal:5000`), in quotes. What is said here goes before"
                    + " `[registries]`, and flags go before both.");

    private Settings() {}

    private static <T> Setting<T> ofHost(
            String name, ValueType<T> type, Setting<T> general, String meaning, String example) {
        return Setting.optional(REGISTRY + "." + name, type, "`" + general.key() + "`", "", meaning, example);
    }
}
