package io.lighterage.contentstore;

import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;

/// The mounts of one store, one record a directory: what `why` answers from after the unmount. They are no roots of
/// garbage collection; a mount keeps what it needs by a lease.
public interface MountRecords {
    /// Enough to look back at a day's work; with reports of the largest size 25 MiB.
    int KEPT = 100;

    /// @param directory absolute path
    Optional<MountRecord> get(String directory);

    /// Every record, the latest start first.
    List<MountRecord> list();

    /// Records the mount in place of what was known of its directory. Beyond [#KEPT], the oldest of those that have
    /// ended are forgotten.
    void put(MountRecord record);

    /// Forgets records beyond [#KEPT], oldest first, though never one that is mounted by a process that lives.
    ///
    /// @param alive whether a process lives
    /// @return how many were forgotten
    int prune(LongPredicate alive);
}
