package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.LabelUpdate;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.contentstore.SnapshotUsage;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Keeps snapshots: prepared on top of a committed one, filled through the mounts it answers with, committed, and laid
/// below others. Keys and names are one space. What a method did is durable when it returns; any number of threads may
/// call.
public interface Snapshotter extends AutoCloseable {
    /// Set by containerd: the chain id that the prepared snapshot will stand for.
    String TARGET_LABEL = "containerd.io/snapshot.ref";

    /// Begins a snapshot to be written to.
    ///
    /// @param parent a committed one; empty for an empty root
    /// @throws ImageException NOT_FOUND when the parent is not there, INVALID when it is not committed,
    ///     ALREADY_EXISTS when the key is taken, UNAVAILABLE when something it lies on cannot be read
    PrepareResult prepare(SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels);

    /// As [#prepare], to be read only.
    List<SnapshotMount> view(SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels);

    /// What [#prepare] or [#view] answered.
    ///
    /// @throws ImageException NOT_FOUND, PRECONDITION when it is committed, UNAVAILABLE as [#prepare]
    List<SnapshotMount> mounts(SnapshotKey key);

    /// Ends the writing: the key is free then, and `name` stands for what was written, with these labels only. Takes
    /// the time of one transaction, whatever was written.
    ///
    /// @param parent what it shall lie on if it lies on nothing
    /// @throws ImageException as [io.lighterage.contentstore.SnapshotCatalog#commit]
    void commit(SnapshotKey name, SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels);

    /// Forgets a snapshot, also one that is in use. Its directory goes later.
    ///
    /// @throws ImageException NOT_FOUND, or PRECONDITION when others lie on it
    void remove(SnapshotKey key);

    /// @throws ImageException NOT_FOUND
    SnapshotRecord stat(SnapshotKey key);

    /// @throws ImageException NOT_FOUND, or INVALID when a label is too long
    SnapshotRecord update(SnapshotKey key, LabelUpdate change);

    /// All of them.
    List<SnapshotRecord> list();

    /// What a snapshot takes without those below it. Walks the tree of an active one, and of a committed one when it
    /// is asked first.
    ///
    /// @throws ImageException NOT_FOUND
    SnapshotUsage usage(SnapshotKey key);

    /// Removes what nobody can reach any more from the disk, and returns when it is gone.
    void cleanup();

    @Override
    void close();
}
