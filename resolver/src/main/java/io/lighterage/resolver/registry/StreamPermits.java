package io.lighterage.resolver.registry;

import io.lighterage.resolver.RemoteBlob;

/// Who may read parts of blobs at once: those somebody waits for have places of their own, so that they never stand
/// behind others; the rest shares the places of whole blobs, after these.
///
/// @param demand places of demand reads
/// @param shared places of everything else
record StreamPermits(Permits demand, Permits shared) {
    /// As many as an image has layers, or more: all their indexes are read at once.
    static final int DEMAND_PLACES = 64;

    /// Rank of the first stream among whole blobs, which are ranked by their layer's number.
    private static final long AFTER_BLOBS = 1L << 32;

    static StreamPermits beside(Permits shared) {
        return new StreamPermits(new Permits(DEMAND_PLACES), shared);
    }

    /// Waits for a place.
    Permits.Permit acquire(int priority, long offset) {
        return priority <= RemoteBlob.DEMAND
                ? demand.acquire(priority, offset)
                : shared.acquire(AFTER_BLOBS + priority, offset);
    }
}
