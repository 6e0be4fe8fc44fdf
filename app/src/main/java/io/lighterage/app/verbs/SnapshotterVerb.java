package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.ServiceNotice;
import io.lighterage.app.control.ControlServer;
import io.lighterage.app.metrics.MeteredSnapshotter;
import io.lighterage.app.metrics.Metrics;
import io.lighterage.app.metrics.MetricsServer;
import io.lighterage.contentstore.Store;
import io.lighterage.proxyplugin.ImageServiceProxy;
import io.lighterage.proxyplugin.SnapshotterServer;
import io.lighterage.remotesnapshotter.mount.FuseTreeMounter;
import io.lighterage.remotesnapshotter.snapshots.LayerSource;
import io.lighterage.remotesnapshotter.snapshots.LocalSnapshotter;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import io.lighterage.resolver.credentials.LearnedCredentials;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.remote.RemoteLayers;
import io.lighterage.runtime.remote.RemoteOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `lighter snapshotter`.
@Command(
        name = "snapshotter",
        description = "Serve containerd as a snapshotter on a unix socket, which its configuration names under"
                + " proxy_plugins, until SIGTERM or SIGINT. Snapshots are kept below --root. Needs root.")
final class SnapshotterVerb implements Callable<Integer> {
    /// Of the images that snapshots lie on. Those of other namespaces are not forgotten with their last snapshot.
    private static final String NAMESPACE = "snapshotter";

    private final Invocation invocation;

    @Option(
            names = "--address",
            required = true,
            paramLabel = "SOCK",
            description = "The socket to make; only its owner can open it.")
    private Path address = Path.of("");

    @Option(
            names = "--prepare-seconds",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "Longest that containerd waits for an image to be opened, layers without a table of contents"
                    + " to be pulled included; after it containerd pulls by itself (default: ${DEFAULT-VALUE}).")
    private int prepareSeconds;

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

    @Mixin
    private LazyFlags lazy = new LazyFlags();

    SnapshotterVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        LearnedCredentials learned = LearnedCredentials.open(invocation.root().resolve("credentials"));
        RuntimeConfig config = new RuntimeConfig(
                invocation.root(),
                NAMESPACE,
                invocation.resolverConfig().withoutLinkLocal().withLearned(learned));
        Optional<Path> backend = Optional.ofNullable(imageService);
        RemoteOptions options = RemoteOptions.of(lazy.options()).withPatience(Duration.ofSeconds(prepareSeconds));
        try (ImageRuntime runtime = ImageRuntime.open(config);
                RemoteLayers layers = new RemoteLayers(runtime, new FuseTreeMounter(), options);
                Snapshotter snapshotter = open(runtime.store(), layers);
                Monitored monitored = monitored(snapshotter, runtime, layers);
                ControlServer ignored =
                        ControlServer.listen(runtime.store().root(), MountControl.handlers(layers::reports));
                @Nullable
                        ImageServiceProxy images = backend.map(socket -> ImageServiceProxy.to(socket, learned))
                                .orElse(null);
                SnapshotterServer server =
                        SnapshotterServer.start(address, monitored.snapshotter(), Optional.ofNullable(images))) {
            String serving = "serving the snapshots in " + runtime.store().root() + " on " + address.toAbsolutePath();
            say(serving);
            try (ServiceNotice told = ServiceNotice.ready(invocation, serving)) {
                server.awaitClosed();
            }
        } catch (InterruptedException e) {
            say("stopped"); // as asked by a signal; everything is closed by now
        }
        return ExitCode.OK;
    }

    private static Snapshotter open(Store store, LayerSource layers) {
        return LocalSnapshotter.open(store.root(), store.snapshots(), layers);
    }

    /// @param server where monitoring asks, if it may
    private record Monitored(
            Snapshotter snapshotter, @Nullable MetricsServer server) implements AutoCloseable {
        @Override
        public void close() {
            if (server != null) {
                server.close();
            }
        }
    }

    private Monitored monitored(Snapshotter snapshotter, ImageRuntime runtime, RemoteLayers layers) {
        String at = metricsAddress;
        if (at == null) {
            return new Monitored(snapshotter, null);
        }
        Metrics metrics = new Metrics(snapshotter::list, runtime.layers()::totals, layers::mounts);
        MetricsServer server = MetricsServer.start(at, metrics, () -> snapshotter.list());
        say("metrics on http:/" + server.address() + "/metrics");
        return new Monitored(new MeteredSnapshotter(snapshotter, metrics), server);
    }

    private void say(String what) {
        if (!invocation.options().quiet) {
            invocation.err().println("lighter: " + what);
            invocation.err().flush();
        }
    }
}
