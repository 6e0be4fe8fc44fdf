package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.contentstore.Store;
import io.lighterage.proxyplugin.SnapshotterServer;
import io.lighterage.remotesnapshotter.snapshots.LayerSource;
import io.lighterage.remotesnapshotter.snapshots.LocalSnapshotter;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import io.lighterage.runtime.ImageRuntime;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `lighter snapshotter`.
@Command(
        name = "snapshotter",
        description = "Serve containerd as a snapshotter on a unix socket, which its configuration names under"
                + " proxy_plugins, until SIGTERM or SIGINT. Snapshots are kept below --root. Needs root.")
final class SnapshotterVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Option(
            names = "--address",
            required = true,
            paramLabel = "SOCK",
            description = "The socket to make; only its owner can open it.")
    private Path address = Path.of("");

    SnapshotterVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        try (ImageRuntime runtime = invocation.openRuntime();
                Snapshotter snapshotter = open(runtime.store());
                SnapshotterServer server = SnapshotterServer.start(address, snapshotter)) {
            say("serving the snapshots in " + runtime.store().root() + " on " + address.toAbsolutePath());
            server.awaitClosed();
        } catch (InterruptedException e) {
            say("stopped"); // as asked by a signal; everything is closed by now
        }
        return ExitCode.OK;
    }

    private static Snapshotter open(Store store) {
        return LocalSnapshotter.open(store.root(), store.snapshots(), LayerSource.NONE);
    }

    private void say(String what) {
        if (!invocation.options().quiet) {
            invocation.err().println("lighter: " + what);
            invocation.err().flush();
        }
    }
}
