package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.resolver.RemoteBlob;
import io.lighterage.stargz.index.LayerIndex;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Which run is to fill which chunk. Guarded by the lock of [Fetching].
final class Owners {
    private final FlatParts parts;
    private final LayerIndex index;
    private final ChunkStore store;
    private final BlobOrder order;
    private final Map<Integer, Run> owners = new HashMap<>();
    /// Chunks whose bytes came and were wrong: only a reader asks for them again.
    private final BitSet spoilt = new BitSet();

    Owners(FlatParts parts, BlobOrder order) {
        this.parts = parts;
        this.index = parts.index();
        this.store = parts.store();
        this.order = order;
    }

    @Nullable
    Run of(int chunk) {
        return owners.get(chunk);
    }

    boolean owns(Run run, int chunk) {
        return run.equals(owners.get(chunk));
    }

    void release(Run run, int chunk) {
        owners.remove(chunk, run);
    }

    void noteSpoilt(int chunk, boolean isSpoilt) {
        spoilt.set(chunk, isSpoilt);
    }

    /// Whether an owner is about to bring the chunk; it is told to hurry.
    boolean hasNear(int chunk) {
        Run owner = owners.get(chunk);
        if (owner == null) {
            return false;
        }
        long distance = index.chunkBlobOffset(chunk) - owner.at();
        long worth = owner.priority() <= RemoteBlob.PREFETCH
                ? Traffic.PREFETCH_RUN
                : parts.traffic().link().worthARoundTrip();
        if (distance > worth && !parts.sources().ignoreRanges()) {
            return false;
        }
        parts.traffic().hurry(owner, RemoteBlob.DEMAND);
        return true;
    }

    /// Whether the chunk is missing and nobody brings it.
    boolean isFree(int chunk) {
        return !store.isTrusted(chunk) && !store.isHere(chunk) && !owners.containsKey(chunk);
    }

    /// As [#isFree], and no reader found its bytes wrong before.
    boolean isFreeAndSound(int chunk) {
        return isFree(chunk) && !spoilt.get(chunk);
    }

    /// Positions of the next missing chunks in the blob's order, as many as one request should bring.
    ///
    /// @param position where to look from
    /// @param limit blob offset at which to stop
    /// @param longest compressed bytes
    SortedSet<Integer> stretch(int position, long limit, long longest) {
        SortedSet<Integer> positions = new TreeSet<>();
        long begin = -1;
        for (int at = position; at < order.count(); at++) {
            int chunk = order.chunkAt(at);
            if (index.chunkIsHole(chunk) || !isFreeAndSound(chunk)) {
                continue;
            }
            if (index.chunkBlobOffset(chunk) >= limit) {
                break;
            }
            begin = begin < 0 ? index.chunkBlobOffset(chunk) : begin;
            if (!positions.isEmpty() && index.chunkBlobEnd(chunk) - begin > longest) {
                break;
            }
            positions.add(at);
        }
        return positions;
    }

    /// Adds the missing chunks that follow in the blob, up to so many bytes behind the last position.
    ///
    /// A program that starts reads one small file after another, most of them neighbours, and each read alone would
    /// leave the link idle for a round trip. What it asked for still comes first.
    void addNeighbours(SortedSet<Integer> positions, long bytes) {
        int last = positions.last();
        long limit = index.chunkBlobEnd(order.chunkAt(last)) + bytes;
        for (int at = last + 1; at < order.count(); at++) {
            int chunk = order.chunkAt(at);
            if (!index.chunkIsHole(chunk) && index.chunkBlobEnd(chunk) > limit) {
                return;
            }
            if (!index.chunkIsHole(chunk) && isFreeAndSound(chunk)) {
                positions.add(at);
            }
        }
    }

    /// Plans runs for the chunks at these positions, and makes them the owners.
    List<Run> claim(SortedSet<Integer> positions, int priority) {
        boolean everything = !positions.isEmpty() && parts.sources().ignoreRanges();
        if (everything) {
            addEverything(positions);
        }
        RunPlanner planner = new RunPlanner(
                index,
                order,
                everything ? Long.MAX_VALUE : parts.traffic().worthSkipping(priority),
                everything ? Long.MAX_VALUE : longest(priority));
        int[] wanted = positions.stream().mapToInt(Integer::intValue).toArray();
        IntPredicate alsoMissing = this::isFreeAndSound;
        List<Run> runs = new ArrayList<>();
        for (List<Run.Group> groups : planner.plan(wanted, alsoMissing)) {
            Run run = new Run(groups, priority);
            groups.forEach(group -> group.chunks().forEach(chunk -> owners.put(chunk, run)));
            runs.add(run);
        }
        return runs;
    }

    private static long longest(int priority) {
        return priority == RemoteBlob.PREFETCH ? Traffic.PREFETCH_RUN : Fetching.LONGEST_RUN;
    }

    /// A server that sends the whole blob anyway may as well fill the whole file.
    private void addEverything(SortedSet<Integer> positions) {
        for (int chunk = 0; chunk < index.chunkCount(); chunk++) {
            if (isFreeAndSound(chunk) && !index.chunkIsHole(chunk)) {
                positions.add(order.positionOf(chunk));
            }
        }
    }
}
