package io.lighterage.runtime.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.remotesnapshotter.mount.FuseTreeMounter;
import io.lighterage.remotesnapshotter.snapshots.LocalSnapshotter;
import io.lighterage.remotesnapshotter.snapshots.PrepareResult;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.RuntimeConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// A snapshotter whose layers stay in registries, as the daemon puts it together.
record RemoteNode(ImageRuntime runtime, RemoteLayers layers, Snapshotter snapshotter) implements AutoCloseable {
    /// @param silence how long a registry may say nothing
    static RemoteNode open(Path root, Duration silence, RemoteOptions options) {
        ResolverConfig registries = new ResolverConfig(
                        Optional.empty(), Optional.empty(), true, Optional.empty(), true, 4, silence, 0, Map.of())
                .withoutLinkLocal();
        ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(root).withResolver(registries));
        RemoteLayers layers = new RemoteLayers(runtime, new FuseTreeMounter(), options);
        Snapshotter snapshotter =
                LocalSnapshotter.open(runtime.store().root(), runtime.store().snapshots(), layers);
        return new RemoteNode(runtime, layers, snapshotter);
    }

    /// Asks for a layer as containerd does before it fetches it.
    ///
    /// @param who makes the key
    PrepareResult prepare(String who, NamedLayers image, String reference, int layer, Optional<SnapshotKey> parent) {
        SnapshotKey key = SnapshotKey.of(who + "/extract " + image.chain().get(layer));
        return snapshotter.prepare(key, parent, image.labels(reference, layer));
    }

    /// Asks for one layer after the other, all of which must be taken.
    ///
    /// @return the name of the topmost
    SnapshotKey pull(String who, NamedLayers image, String reference) {
        Optional<SnapshotKey> top = Optional.empty();
        for (int layer = 0; layer < image.chain().size(); layer++) {
            PrepareResult result = prepare(who, image, reference, layer, top);
            assertThat(result).isInstanceOf(PrepareResult.AlreadyExists.class);
            top = Optional.of(((PrepareResult.AlreadyExists) result).name());
        }
        return top.orElseThrow();
    }

    /// Closes the layers, too.
    @Override
    public void close() {
        snapshotter.close();
        runtime.close();
    }
}
