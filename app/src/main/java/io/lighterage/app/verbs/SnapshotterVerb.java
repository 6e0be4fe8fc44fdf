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
import io.lighterage.proxyplugin.SnapshotterServer;
import io.lighterage.remotesnapshotter.mount.FuseTreeMounter;
import io.lighterage.remotesnapshotter.snapshots.LocalSnapshotter;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.remote.RemoteLayers;
import io.lighterage.runtime.remote.RemoteOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
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
    /// Of the images that snapshots lie on. Those of other namespaces are not forgotten with their last snapshot.
    private static final String NAMESPACE = "snapshotter";

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
            return serve(config, socket);
        } catch (ImageException e) {
            if (config.log().format() == LogFormat.TEXT) {
                throw e;
            }
            LOG.log(System.Logger.Level.ERROR, "cannot serve", e);
            return ExitCode.of(e.kind());
        }
    }

    private int serve(DaemonConfig config, Path socket) {
        Optional<String> credentials = Optional.ofNullable(invocation.options().credentials);
        RuntimeConfig runtimeConfig = new RuntimeConfig(
                config.root().orElseGet(invocation::usualRoot),
                NAMESPACE,
                config.registries().resolver(credentials, invocation.environment()));
        try (ImageRuntime runtime = ImageRuntime.open(runtimeConfig);
                Snapshotter snapshotter = open(runtime, config.lazy().options());
                SnapshotterServer server = SnapshotterServer.start(socket, snapshotter)) {
            say("serving the snapshots in " + runtime.store().root() + " on " + socket.toAbsolutePath());
            server.awaitClosed();
        } catch (InterruptedException e) {
            say("stopped"); // as asked by a signal; everything is closed by now
        }
        return ExitCode.OK;
    }

    /// Flags go before the file.
    private SettingValues settings() {
        SettingValues set = lazy.over(configuration.over(configuration.read(), invocation))
                .withFlag(Settings.ADDRESS, address == null ? null : address.toAbsolutePath());
        return set.withFlag(
                Settings.PREPARE_TIMEOUT, prepareSeconds == null ? null : Duration.ofSeconds(prepareSeconds));
    }

    private RuntimeException noAddress() {
        return new ParameterException(
                Objects.requireNonNull(spec).commandLine(),
                "no socket to serve on: give --address SOCK, or set address in the configuration file");
    }

    private static Snapshotter open(ImageRuntime runtime, RemoteOptions options) {
        RemoteLayers layers = new RemoteLayers(runtime, new FuseTreeMounter(), options);
        return LocalSnapshotter.open(runtime.store().root(), runtime.store().snapshots(), layers);
    }

    private void say(String what) {
        if (!invocation.options().quiet) {
            invocation.err().println(LogFinder.info(LOG.getName(), what));
            invocation.err().flush();
        }
    }
}
