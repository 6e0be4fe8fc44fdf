package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.stargz.index.LayerIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/// Cuts wanted chunks into requests: neighbours in the blob share one when what lies between them costs less
/// than another round trip.
///
/// @param index the layer
/// @param order its chunks in the blob's order
/// @param gap most bytes between two wanted ranges that one request may fetch for nothing
/// @param longest bytes after which a request gets nothing more; a single range may be longer
record RunPlanner(LayerIndex index, BlobOrder order, long gap, long longest) {
    /// @param positions of wanted chunks in the blob's order, ascending, no holes
    /// @param alsoMissing which chunks in the gaps may be filled along the way
    List<List<Run.Group>> plan(int[] positions, IntPredicate alsoMissing) {
        List<List<Run.Group>> runs = new ArrayList<>();
        List<Run.Group> run = new ArrayList<>();
        List<Integer> group = new ArrayList<>();
        int last = -1;
        for (int position : positions) {
            int chunk = order.chunkAt(position);
            if (last >= 0 && !sameRange(order.chunkAt(last), chunk)) {
                closeGroup(run, group);
                if (joins(run, chunk)) {
                    fillGap(run, last + 1, position, alsoMissing);
                } else {
                    runs.add(List.copyOf(run));
                    run.clear();
                }
            }
            group.add(chunk);
            last = position;
        }
        if (!group.isEmpty()) {
            closeGroup(run, group);
        }
        if (!run.isEmpty()) {
            runs.add(List.copyOf(run));
        }
        return runs;
    }

    private boolean joins(List<Run.Group> run, int chunk) {
        long begin = run.getFirst().begin();
        long end = run.getLast().end();
        long next = index.chunkBlobOffset(chunk);
        return next >= end && next - end <= gap && index.chunkBlobEnd(chunk) - begin <= longest;
    }

    private void closeGroup(List<Run.Group> run, List<Integer> group) {
        int first = group.getFirst();
        run.add(new Run.Group(index.chunkBlobOffset(first), index.chunkBlobEnd(first), group));
        group.clear();
    }

    /// The bytes in between come anyway.
    private void fillGap(List<Run.Group> run, int from, int to, IntPredicate alsoMissing) {
        List<Integer> group = new ArrayList<>();
        long limit = index.chunkBlobOffset(order.chunkAt(to));
        for (int position = from; position < to; position++) {
            int chunk = order.chunkAt(position);
            if (!alsoMissing.test(chunk) || index.chunkBlobEnd(chunk) > limit) {
                continue;
            }
            if (!group.isEmpty() && !sameRange(group.getFirst(), chunk)) {
                closeGroup(run, group);
            }
            if (group.isEmpty() && index.chunkBlobOffset(chunk) < run.getLast().end()) {
                continue;
            }
            group.add(chunk);
        }
        if (!group.isEmpty()) {
            closeGroup(run, group);
        }
    }

    private boolean sameRange(int a, int b) {
        return index.chunkBlobOffset(a) == index.chunkBlobOffset(b) && index.chunkBlobEnd(a) == index.chunkBlobEnd(b);
    }
}
