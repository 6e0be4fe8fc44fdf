package io.lighterage.contentstore;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/// What is known of a snapshot.
///
/// @param id never given to another one; names its directory
/// @param key unique among all snapshots of whatever kind; another one after a commit
/// @param parent what it lies on; always committed
/// @param labels none with an empty value
/// @param created with nanoseconds; that of the commit once committed
/// @param updated with nanoseconds
/// @param usage of a committed one, once somebody measured it
public record SnapshotRecord(
        long id,
        SnapshotKey key,
        SnapshotKind kind,
        Optional<SnapshotKey> parent,
        Map<String, String> labels,
        Instant created,
        Instant updated,
        Optional<SnapshotUsage> usage) {
    public SnapshotRecord {
        labels = Map.copyOf(labels);
    }
}
