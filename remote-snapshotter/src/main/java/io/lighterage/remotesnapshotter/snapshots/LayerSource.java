package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotRecord;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Has layers that need not be unpacked: it mounts them. Asked by several threads at once.
public interface LayerSource extends AutoCloseable {
    /// Has none.
    LayerSource NONE = new NoLayers();

    /// Which layer is wanted, and where.
    ///
    /// @param target the chain id the snapshot stands for
    /// @param parent what it lies on
    /// @param labels those of the call, which say where the layer comes from
    /// @param fs the empty directory to mount it on; of a snapshot that has no record yet
    record Request(String target, Optional<SnapshotKey> parent, Map<String, String> labels, Path fs) {
        public Request {
            labels = Map.copyOf(labels);
        }
    }

    /// What came of it.
    sealed interface Answer {
        /// The layer can be read at the place asked for, until [#release].
        record Ready() implements Answer {}

        /// Whoever asked has to unpack it himself.
        record NotHere(String reason) implements Answer {}
    }

    /// Mounts a layer if it can. Never fails for want of a layer, and does not wait for long.
    Answer mount(Request request);

    /// Sees to it that a layer mounted earlier, maybe by an earlier process, can be read.
    ///
    /// @param fs where it is, or was, mounted
    /// @throws io.lighterage.contentstore.ImageException UNAVAILABLE
    void check(SnapshotRecord layer, Path fs);

    /// Nobody will ask for what is mounted there any more; readers that are there may go on.
    void release(Path fs);

    @Override
    void close();
}
