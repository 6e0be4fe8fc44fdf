package io.lighterage.contentstore;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Which snapshots there are. One flat space of keys for all kinds; every change is one transaction, checked
/// within it and durable when the method returns. Directories are none of its business.
///
/// Labels with an empty value are dropped wherever labels are stored.
public interface SnapshotCatalog {
    /// What containerd takes for one label, key and value together.
    int MAX_LABEL_BYTES = 4096;

    /// Sets ids aside that no snapshot has, had or will get otherwise, so that a directory can be there before
    /// its record is.
    ///
    /// @return the first of `count` consecutive ids
    long reserve(int count);

    /// Adds a snapshot.
    ///
    /// @param id from [#reserve]
    /// @param kind a COMMITTED one has no usage: its bytes are elsewhere
    /// @throws ImageException NOT_FOUND when the parent is not there, INVALID when it is not committed or a label
    ///     is too long, ALREADY_EXISTS when the key is taken
    SnapshotRecord create(
            long id, SnapshotKind kind, SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels);

    /// Makes an active snapshot a committed one of another name, created now, with these labels only.
    ///
    /// @param name what it is called from now on
    /// @param key what it is called so far; free afterwards
    /// @param parent what it shall lie on if it lies on nothing; empty leaves it where it is
    /// @throws ImageException ALREADY_EXISTS when the name is taken, NOT_FOUND when the key or the parent is not
    ///     there, PRECONDITION when the first is not active or the second not committed, INVALID when it lies on
    ///     something else than `parent`
    SnapshotRecord commit(SnapshotKey name, SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels);

    /// Forgets a snapshot.
    ///
    /// @return what it was
    /// @throws ImageException NOT_FOUND, or PRECONDITION when others lie on it
    SnapshotRecord remove(SnapshotKey key);

    /// @throws ImageException NOT_FOUND
    SnapshotRecord update(SnapshotKey key, LabelUpdate change);

    /// Notes what a committed snapshot takes; nothing when it is not there any more.
    void measured(long id, SnapshotUsage usage);

    Optional<SnapshotRecord> find(SnapshotKey key);

    /// As [#find].
    ///
    /// @throws ImageException NOT_FOUND
    SnapshotRecord get(SnapshotKey key);

    /// The snapshot, what it lies on, what that lies on, and so on; last the one that lies on nothing.
    ///
    /// @throws ImageException NOT_FOUND
    List<SnapshotRecord> chain(SnapshotKey key);

    /// Every snapshot, in ascending order of id.
    List<SnapshotRecord> list();
}
