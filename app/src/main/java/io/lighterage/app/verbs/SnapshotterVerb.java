package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.LogFinder;
import io.lighterage.app.LogFormat;
import io.lighterage.app.config.DaemonConfig;
import io.lighterage.app.config.EffectiveConfig;
import io.lighterage.app.config.SettingValues;
import io.lighterage.app.config.Settings;
import io.lighterage.contentstore.ImageException;
import io.lighterage.runtime.MountWay;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `lighter snapshotter`.
@Command(
        name = "snapshotter",
        description = "Serve containerd as a snapshotter on a unix socket, which its configuration names under"
                + " proxy_plugins, until SIGTERM or SIGINT. Snapshots are kept below --root. Needs root.")
final class SnapshotterVerb implements Callable<Integer> {
    private static final System.Logger LOG = System.getLogger(SnapshotterVerb.class.getName());

    private final Invocation invocation;

    @Option(
            names = "--address",
            paramLabel = "SOCK",
            description = "The socket to make; only its owner can open it. Needed here or in the configuration.")
    private @Nullable Path address;

    @Option(
            names = "--prepare-seconds",
            paramLabel = "SECONDS",
            description = "Longest that containerd waits for an image to be opened, layers without a table of contents"
                    + " to be pulled included; after it containerd pulls by itself (default: 30).")
    private @Nullable Integer prepareSeconds;

    @Option(
            names = "--metrics-address",
            paramLabel = "HOST:PORT",
            description =
                    "Where /metrics, in the text format of Prometheus, and /healthz are served over HTTP; they say"
                            + " nothing secret, and whoever can connect can read them.")
    private @Nullable String metricsAddress;

    @Option(
            names = "--image-service",
            paramLabel = "SOCK",
            description = "The socket of containerd's image service, which is then offered on --address, too: what the"
                    + " kubelet pulls through it is learned, and used for the layers. Learned credentials stay below"
                    + " --root, encrypted (default: no image service).")
    private @Nullable Path imageService;

    @Option(
            names = "--mounter",
            paramLabel = "WAY",
            description = "How the kernel sees images: erofs, tree, or auto: erofs where that can be done, else tree"
                    + " (default: auto); see 'lighter mount --help'.")
    private @Nullable MountWay mounter;

    @Mixin
    private LazyFlags lazy = new LazyFlags();

    @Mixin
    private ConfigFlags configuration = new ConfigFlags();

    @Spec
    private @Nullable CommandSpec spec;

    SnapshotterVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        SettingValues set = settings();
        if (configuration.checkOnly()) {
            invocation.out().print(EffectiveConfig.toml(set));
            return ExitCode.OK;
        }
        DaemonConfig config = DaemonConfig.of(set);
        Path socket = config.address().orElseThrow(this::noAddress);
        LogFinder.use(config.log().format(), config.log().level());
        try {
            return new Daemon(invocation, config).serve(socket);
        } catch (ImageException e) {
            if (config.log().format() == LogFormat.TEXT) {
                throw e;
            }
            LOG.log(System.Logger.Level.ERROR, "cannot serve", e);
            return ExitCode.of(e.kind());
        }
    }

    /// Flags go before the file.
    private SettingValues settings() {
        SettingValues set = lazy.over(configuration.over(configuration.read(), invocation))
                .withFlag(Settings.ADDRESS, address == null ? null : address.toAbsolutePath())
                .withFlag(Settings.IMAGE_SERVICE, imageService == null ? null : imageService.toAbsolutePath())
                .withFlag(Settings.METRICS_ADDRESS, metricsAddress)
                .withFlag(Settings.MOUNTER, mounter);
        return set.withFlag(
                Settings.PREPARE_TIMEOUT, prepareSeconds == null ? null : Duration.ofSeconds(prepareSeconds));
    }

    private RuntimeException noAddress() {
        return new ParameterException(
                Objects.requireNonNull(spec).commandLine(),
                "no socket to serve on: give --address SOCK, or set address in the configuration file");
    }
}
