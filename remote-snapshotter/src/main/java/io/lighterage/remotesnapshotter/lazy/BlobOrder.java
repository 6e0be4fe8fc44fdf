package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.stargz.index.LayerIndex;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The chunks of a layer that have to be fetched, in the order in which the blob holds them.
///
/// That is the order of the flat file, too, save for odd layers; then nothing is kept but the fact.
final class BlobOrder {
    private final LayerIndex index;
    /// Chunk at each position; null when the order is that of the numbers.
    private final int @Nullable [] chunks;
    /// Position of each chunk.
    private final int @Nullable [] positions;

    BlobOrder(LayerIndex index) {
        this.index = index;
        if (isAscending()) {
            chunks = null;
            positions = null;
            return;
        }
        chunks = IntStream.range(0, index.chunkCount())
                .boxed()
                .sorted(this::compare)
                .mapToInt(Integer::intValue)
                .toArray();
        positions = new int[chunks.length];
        for (int i = 0; i < chunks.length; i++) {
            positions[chunks[i]] = i;
        }
    }

    private boolean isAscending() {
        int last = -1;
        for (int chunk = 0; chunk < index.chunkCount(); chunk++) {
            if (index.chunkIsHole(chunk)) {
                continue;
            }
            if (last >= 0 && compare(last, chunk) > 0) {
                return false;
            }
            last = chunk;
        }
        return true;
    }

    private int compare(int a, int b) {
        int byOffset = Long.compare(index.chunkBlobOffset(a), index.chunkBlobOffset(b));
        if (byOffset != 0) {
            return byOffset;
        }
        int byEnd = Long.compare(index.chunkBlobEnd(a), index.chunkBlobEnd(b));
        return byEnd != 0 ? byEnd : Long.compare(index.chunkInnerOffset(a), index.chunkInnerOffset(b));
    }

    int count() {
        return index.chunkCount();
    }

    int chunkAt(int position) {
        return chunks == null ? position : chunks[position];
    }

    int positionOf(int chunk) {
        return positions == null ? chunk : positions[chunk];
    }
}
