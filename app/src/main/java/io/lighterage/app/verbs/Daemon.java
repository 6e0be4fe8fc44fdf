package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.LogFinder;
import io.lighterage.app.ServiceNotice;
import io.lighterage.app.config.DaemonConfig;
import io.lighterage.app.control.ControlServer;
import io.lighterage.app.metrics.MeteredSnapshotter;
import io.lighterage.app.metrics.Metrics;
import io.lighterage.app.metrics.MetricsServer;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Store;
import io.lighterage.proxyplugin.ImageServiceProxy;
import io.lighterage.proxyplugin.SnapshotterServer;
import io.lighterage.remotesnapshotter.snapshots.LayerSource;
import io.lighterage.remotesnapshotter.snapshots.LocalSnapshotter;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.resolver.credentials.LearnedCredentials;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.remote.RemoteLayers;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The snapshotter with everything around it, put together and served until it is told to stop.
///
/// @param invocation where it says what it does
/// @param config what is set
record Daemon(Invocation invocation, DaemonConfig config) {
    /// Of the images that snapshots lie on. Those of other namespaces are not forgotten with their last snapshot.
    private static final String NAMESPACE = "snapshotter";

    private static final System.Logger LOG = System.getLogger(Daemon.class.getName());

    int serve(Path socket) {
        if (config.imageService().filter(socket::equals).isPresent()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the image service " + socket + " is the socket to be made, so calls would go round in circles;"
                            + " expected containerd's");
        }
        Path root = config.root().orElseGet(invocation::usualRoot);
        LearnedCredentials learned = LearnedCredentials.open(root.resolve("credentials"));
        ResolverConfig registries = config.registries()
                .resolver(Optional.ofNullable(invocation.options().credentials), invocation.environment())
                .withLearned(learned);
        try (ImageRuntime runtime = ImageRuntime.open(new RuntimeConfig(root, NAMESPACE, registries));
                RemoteLayers layers = new RemoteLayers(
                        runtime,
                        runtime.lastingMounter(config.lazy().mounter()),
                        config.lazy().options());
                Snapshotter snapshotter = open(runtime.store(), layers);
                Monitored monitored = monitored(snapshotter, runtime, layers);
                ControlServer _ = ControlServer.listen(root, MountControl.handlers(layers::reports));
                @Nullable
                        ImageServiceProxy images = config.imageService()
                                .map(backend -> ImageServiceProxy.to(backend, learned))
                                .orElse(null);
                SnapshotterServer server =
                        SnapshotterServer.start(socket, monitored.snapshotter(), Optional.ofNullable(images))) {
            String serving = "serving the snapshots in " + runtime.store().root() + " on " + socket.toAbsolutePath();
            say(serving);
            try (ServiceNotice _ = ServiceNotice.ready(invocation, serving)) {
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
        if (config.metricsAddress().isEmpty()) {
            return new Monitored(snapshotter, null);
        }
        Metrics metrics = new Metrics(snapshotter::list, runtime.layers()::totals, layers::mounts);
        MetricsServer server = MetricsServer.start(config.metricsAddress().get(), metrics, () -> snapshotter.list());
        say("metrics on http:/" + server.address() + "/metrics");
        return new Monitored(new MeteredSnapshotter(snapshotter, metrics), server);
    }

    private void say(String what) {
        if (!invocation.options().quiet) {
            invocation.err().println(LogFinder.info(LOG.getName(), what));
            invocation.err().flush();
        }
    }
}
