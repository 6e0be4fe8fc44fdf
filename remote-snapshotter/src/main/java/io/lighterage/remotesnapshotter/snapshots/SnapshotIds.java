package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.SnapshotCatalog;

/// Hands out ids; reserves them in lots, so that not every snapshot costs a transaction more.
final class SnapshotIds {
    private static final int LOT = 64;

    private final SnapshotCatalog catalog;
    private long next;
    private long end;

    SnapshotIds(SnapshotCatalog catalog) {
        this.catalog = catalog;
    }

    synchronized long next() {
        if (next == end) {
            next = catalog.reserve(LOT);
            end = next + LOT;
        }
        return next++;
    }
}
