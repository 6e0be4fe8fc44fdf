package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.resolver.RemoteBlob;
import io.lighterage.stargz.index.LayerIndex;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a recorded start reads, of all layers of an image, in the order in which it was read.
///
/// Taken by the batch, so that parts that lie side by side share a request although others are read between them.
/// Guarded by the lock of [BulkFill].
final class PrefetchQueue {
    private final List<Cursor> cursors = new ArrayList<>();
    private final Deque<Planned> planned = new ArrayDeque<>();

    /// A run to be carried out.
    record Planned(OpenLayer layer, Run run) {}

    /// How far a layer's prioritized chunks were taken.
    private static final class Cursor {
        private final OpenLayer layer;
        private int position;

        Cursor(OpenLayer layer) {
            this.layer = layer;
        }

        boolean isAtEnd() {
            return position == layer.index().priorities().count();
        }

        int rank() {
            return layer.index().priorities().rank(position);
        }
    }

    PrefetchQueue(List<OpenLayer> layers) {
        for (OpenLayer layer : layers) {
            if (layer.index().priorities().count() > 0) {
                cursors.add(new Cursor(layer));
            }
        }
    }

    boolean isEmpty() {
        return planned.isEmpty() && next() == null;
    }

    /// The next run, or null when nothing is left.
    @Nullable
    Planned poll() {
        while (planned.isEmpty()) {
            Map<OpenLayer, List<Integer>> batch = batch();
            if (batch.isEmpty()) {
                return null;
            }
            batch.forEach((layer, chunks) -> layer.content()
                    .fetching()
                    .beginPrefetch(chunks)
                    .forEach(run -> planned.add(new Planned(layer, run))));
        }
        for (Planned each : planned) {
            if (each.run().priority() <= RemoteBlob.DEMAND) { // somebody waits for it
                boolean removed = planned.remove(each);
                assert removed : each;
                return each;
            }
        }
        return planned.poll();
    }

    private Map<OpenLayer, List<Integer>> batch() {
        Map<OpenLayer, List<Integer>> batch = new LinkedHashMap<>();
        long bytes = 0;
        for (Cursor cursor = next(); cursor != null && bytes < Traffic.PREFETCH_RUN; cursor = next()) {
            LayerIndex index = cursor.layer.index();
            int chunk = index.priorities().chunk(cursor.position++);
            bytes += index.chunkBlobEnd(chunk) - index.chunkBlobOffset(chunk);
            batch.computeIfAbsent(cursor.layer, ignored -> new ArrayList<>()).add(chunk);
        }
        return batch;
    }

    private @Nullable Cursor next() {
        Cursor first = null;
        for (Cursor cursor : cursors) {
            if (!cursor.isAtEnd() && (first == null || cursor.rank() < first.rank())) {
                first = cursor;
            }
        }
        return first;
    }

    /// Begins anew: what failed is missing still, and what is here is passed over.
    void again() {
        abandon();
        cursors.forEach(cursor -> cursor.position = 0);
    }

    /// Gives back what was planned, so that a reader who wants it does not wait for somebody to begin.
    void abandon() {
        planned.forEach(each -> each.layer().content().fetching().abandon(each.run()));
        planned.clear();
    }
}
