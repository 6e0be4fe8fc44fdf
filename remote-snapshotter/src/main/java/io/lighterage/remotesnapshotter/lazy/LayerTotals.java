package io.lighterage.remotesnapshotter.lazy;

/// What happened to all layers of a cache together since it was made; those that were closed since are in it.
///
/// @param open layers that are open now
/// @param requests requests for their bytes
/// @param bytesFetched compressed bytes received
/// @param demandReads reads that found bytes missing and waited
/// @param demandNanos how long they waited, summed up
/// @param waitingReads reads that wait now
public record LayerTotals(
        int open, long requests, long bytesFetched, long demandReads, long demandNanos, int waitingReads) {
    static final LayerTotals NONE = new LayerTotals(0, 0, 0, 0, 0, 0);

    LayerTotals plus(LayerStatistics layer) {
        return new LayerTotals(
                open + 1,
                requests + layer.requests(),
                bytesFetched + layer.bytesFetched(),
                demandReads + layer.demandReads(),
                demandNanos + layer.demandNanos(),
                waitingReads + layer.waitingReads());
    }

    /// The same with none of them open.
    LayerTotals closed() {
        return new LayerTotals(0, requests, bytesFetched, demandReads, demandNanos, 0);
    }
}
