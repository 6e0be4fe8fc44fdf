package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.SnapshotKey;
import java.util.List;

/// What came of preparing a snapshot.
public sealed interface PrepareResult {
    /// It is active; whoever asked fills it.
    record Mounted(List<SnapshotMount> mounts) implements PrepareResult {
        public Mounted {
            mounts = List.copyOf(mounts);
        }
    }

    /// The layer it was to be filled with is here as a committed snapshot. Nothing was prepared.
    ///
    /// @param name what that snapshot is called
    record AlreadyExists(SnapshotKey name) implements PrepareResult {}
}
