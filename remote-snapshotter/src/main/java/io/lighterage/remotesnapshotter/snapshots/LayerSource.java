package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.SnapshotRecord;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/// Has layers that need not be unpacked: it takes them on, and mounts them when somebody looks. Asked by several
/// threads at once.
///
/// A layer is taken only on an empty root or on another that was taken, so a snapshot of one shows, where it is
/// mounted, all layers below it as well.
public interface LayerSource extends AutoCloseable {
    /// Has none.
    LayerSource NONE = new NoLayers();

    /// Which layer is wanted.
    ///
    /// @param target the chain id the snapshot stands for
    /// @param parent the taken layer it lies on; empty for a base
    /// @param labels those of the call, which say where the layer comes from
    record Request(String target, Optional<SnapshotRecord> parent, Map<String, String> labels) {
        public Request {
            labels = Map.copyOf(labels);
        }
    }

    /// What came of it.
    sealed interface Answer {
        /// The layer can be had: [#check] of a snapshot with these labels, and those of the request, mounts it.
        ///
        /// @param top whether it is the topmost of its image, which containers will lie on
        record Ready(Map<String, String> labels, boolean top) implements Answer {
            public Ready {
                labels = Map.copyOf(labels);
            }
        }

        /// Whoever asked has to unpack it himself.
        record NotHere(String reason) implements Answer {}
    }

    /// Takes a layer on if it can be had. Never fails for want of one, and does not wait for long.
    Answer take(Request request);

    /// Whether the layer that a call's labels name is the very one that was taken, and not merely said to unpack to the
    /// same tree. Asks nobody.
    boolean isSame(SnapshotRecord taken, Map<String, String> labels);

    /// Begins what [#check] waits for, as somebody will probably look soon. Neither waits nor fails.
    void expect(SnapshotRecord layer, Path fs);

    /// Sees to it that a layer taken earlier, maybe by an earlier process, can be read with all that are below it.
    ///
    /// @param fs where it is, or shall be, mounted
    /// @throws io.lighterage.contentstore.ImageException UNAVAILABLE
    void check(SnapshotRecord layer, Path fs);

    /// Nobody will ask for what is mounted there any more; readers that are there may go on.
    void release(Path fs);

    /// Forgets what was kept for layers that no snapshot stands for any more.
    ///
    /// @param layers every snapshot of a layer that was taken
    /// @return false when some of it could not go yet: ask again in a while
    boolean keepOnly(Collection<SnapshotRecord> layers);

    @Override
    void close();
}
