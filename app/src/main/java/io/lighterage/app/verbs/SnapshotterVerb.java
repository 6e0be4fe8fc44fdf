package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.proxyplugin.ImageServiceProxy;
import io.lighterage.proxyplugin.SnapshotterServer;
import io.lighterage.remotesnapshotter.mount.FuseTreeMounter;
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
                Snapshotter snapshotter = open(runtime, options);
                @Nullable
                        ImageServiceProxy images = backend.map(socket -> ImageServiceProxy.to(socket, learned))
                                .orElse(null);
                SnapshotterServer server = SnapshotterServer.start(address, snapshotter, Optional.ofNullable(images))) {
            say("serving the snapshots in " + runtime.store().root() + " on " + address.toAbsolutePath());
            server.awaitClosed();
        } catch (InterruptedException e) {
            say("stopped"); // as asked by a signal; everything is closed by now
        }
        return ExitCode.OK;
    }

    private static Snapshotter open(ImageRuntime runtime, RemoteOptions options) {
        RemoteLayers layers = new RemoteLayers(runtime, new FuseTreeMounter(), options);
        return LocalSnapshotter.open(runtime.store().root(), runtime.store().snapshots(), layers);
    }

    private void say(String what) {
        if (!invocation.options().quiet) {
            invocation.err().println("lighter: " + what);
            invocation.err().flush();
        }
    }
}
