package io.lighterage.runtime;

import io.lighterage.contentstore.Digest;
import io.lighterage.remotesnapshotter.lazy.DemandListener;
import io.lighterage.stargz.index.LayerIndex;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/// What is read of a mount, every byte at the moment it was read first. Thread-safe.
final class ReadTrace implements DemandListener {
    private final Map<Opened, NavigableMap<Long, Long>> known = new HashMap<>();
    private final List<Stretch> stretches = new ArrayList<>();
    private final Set<Place> places = new HashSet<>();
    private long compressed;

    /// A file of a layer.
    private record Opened(LayerIndex layer, int file) {}

    /// What was read of one file before another was.
    private record Stretch(Opened file, List<Recorded.Range> ranges) {
        void add(long from, long to) {
            Recorded.Range last = ranges.isEmpty() ? new Recorded.Range(-1, 0) : ranges.getLast();
            if (last.offset() + last.length() == from) {
                ranges.set(ranges.size() - 1, new Recorded.Range(last.offset(), to - last.offset()));
            } else {
                ranges.add(new Recorded.Range(from, to - from));
            }
        }
    }

    /// Where a range of a blob begins; chunks that share it are fetched together.
    private record Place(Digest layer, long offset) {}

    @Override
    public synchronized void demanded(Chunk chunk) {
        if (places.add(new Place(chunk.layer(), chunk.blobOffset()))) {
            compressed += chunk.blobLength();
        }
    }

    @Override
    public synchronized void read(LayerIndex layer, int file, long offset, long length) {
        Opened opened = new Opened(layer, file);
        NavigableMap<Long, Long> ranges = known.computeIfAbsent(opened, ignored -> new TreeMap<>());
        long end = offset + length;
        long at = offset;
        while (at < end) {
            Map.Entry<Long, Long> around = ranges.floorEntry(at);
            if (around != null && around.getValue() > at) {
                at = around.getValue();
                continue;
            }
            Long next = ranges.higherKey(at);
            long to = next == null ? end : Math.min(end, next);
            note(opened, at, to);
            at = to;
        }
        join(ranges, offset, end);
    }

    private void note(Opened file, long from, long to) {
        if (stretches.isEmpty() || !stretches.getLast().file().equals(file)) {
            stretches.add(new Stretch(file, new ArrayList<>()));
        }
        stretches.getLast().add(from, to);
    }

    private static void join(NavigableMap<Long, Long> ranges, long offset, long end) {
        long from = offset;
        long to = end;
        for (Map.Entry<Long, Long> near = ranges.floorEntry(to);
                near != null && near.getValue() >= from;
                near = ranges.floorEntry(to)) {
            from = Math.min(from, near.getKey());
            to = Math.max(to, near.getValue());
            ranges.remove(near.getKey());
        }
        ranges.put(from, to);
    }

    /// Compressed bytes of all chunks that were read.
    synchronized long compressed() {
        return compressed;
    }

    synchronized List<Recorded.FileRead> reads() {
        return stretches.stream()
                .map(stretch -> new Recorded.FileRead(
                        stretch.file().layer().path(stretch.file().file()), stretch.ranges()))
                .toList();
    }
}
