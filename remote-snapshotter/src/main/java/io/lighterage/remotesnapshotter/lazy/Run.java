package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.index.LayerIndex;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One request for a stretch of the blob, and the chunks it is to fill.
///
/// `begin`, `end` and the groups never change. What is guarded by the flat file's lock says so.
final class Run {
    /// Chunks that share one compressed range, in the order of their inner offsets.
    ///
    /// @param begin first byte of the range in the blob
    /// @param end first byte after it
    record Group(long begin, long end, List<Integer> chunks) {
        Group {
            chunks = List.copyOf(chunks);
        }

        long bytes(LayerIndex index) {
            long sum = 0;
            for (int chunk : chunks) {
                sum += index.chunkLength(chunk);
            }
            return sum;
        }
    }

    private final List<Group> groups;
    /// How far the blob has been received; later groups are still to come.
    private volatile long at;
    private volatile int priority;

    // Guarded by the flat file's lock:
    private boolean ended;
    private @Nullable ImageException failure;
    private final Map<Integer, ImageException> chunkFailures = new HashMap<>(2);

    Run(List<Group> groups, int priority) {
        this.groups = List.copyOf(groups);
        this.at = groups.getFirst().begin();
        this.priority = priority;
    }

    List<Group> groups() {
        return groups;
    }

    long begin() {
        return groups.getFirst().begin();
    }

    long end() {
        return groups.getLast().end();
    }

    long at() {
        return at;
    }

    void reached(long offset) {
        at = offset;
    }

    int priority() {
        return priority;
    }

    /// Somebody waits for it now.
    void hurry(int wanted) {
        if (wanted < priority) {
            priority = wanted;
        }
    }

    boolean ended() {
        return ended;
    }

    void end(@Nullable ImageException cause) {
        ended = true;
        failure = cause;
    }

    void chunkFailed(int chunk, ImageException cause) {
        chunkFailures.put(chunk, cause);
    }

    /// Why it did not bring the chunk, or null when it may still do or when another run has taken it over.
    @Nullable
    ImageException failureOf(int chunk) {
        ImageException own = chunkFailures.get(chunk);
        return own != null ? own : failure;
    }
}
