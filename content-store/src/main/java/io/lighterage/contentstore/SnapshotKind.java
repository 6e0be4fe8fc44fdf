package io.lighterage.contentstore;

/// What can be done with a snapshot.
public enum SnapshotKind {
    /// Written to; becomes [#COMMITTED], or is removed.
    ACTIVE,
    /// Looked at only, and then removed.
    VIEW,
    /// Never changes; others may lie on top of it.
    COMMITTED
}
