package io.lighterage.resolver.registry;

import io.lighterage.resolver.RemoteBlob;

/// Who may read parts of blobs at once: those somebody waits for have places of their own, so that they never stand
/// behind others, and so has what is known to be read soon; the rest shares the places of whole blobs, after these.
///
/// @param demand places of demand reads
/// @param prefetch places of what is read soon
/// @param shared places of everything else
record StreamPermits(Permits demand, Permits prefetch, Permits shared) {
    /// As many as an image has layers, or more: all their indexes are read at once.
    static final int DEMAND_PLACES = 64;

    /// What a start reads is many small parts. While one is on its way others have to be asked for: with 30 KiB a part
    /// that many fill 100 Mbit/s at 20 ms.
    private static final int PREFETCH_PLACES = 8;

    /// Rank of the first stream among whole blobs, which are ranked by their layer's number.
    private static final long AFTER_BLOBS = 1L << 32;

    static StreamPermits beside(Permits shared) {
        return new StreamPermits(new Permits(DEMAND_PLACES), new Permits(PREFETCH_PLACES), shared);
    }

    /// Waits for a place.
    Permits.Permit acquire(int priority, long offset) {
        if (priority <= RemoteBlob.DEMAND) {
            return demand.acquire(priority, offset);
        }
        return priority <= RemoteBlob.PREFETCH
                ? prefetch.acquire(priority, offset)
                : shared.acquire(AFTER_BLOBS + priority, offset);
    }
}
