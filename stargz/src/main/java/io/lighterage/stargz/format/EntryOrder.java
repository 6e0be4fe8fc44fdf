package io.lighterage.stargz.format;

import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.Stream;

/// In what order the kept entries of a layer are written: those of the priority list first, each after the directories
/// that hold it and after the file it is a hard link to, then the others as they came.
final class EntryOrder {
    private final LayerScan scan;
    private final SpooledTar tar;
    private final BitSet placed = new BitSet();
    /// What is read of an entry; nothing stands for everything.
    private final Map<Integer, List<PriorityList.Range>> reads = new HashMap<>();
    private int[] first = new int[64];
    private int count;

    EntryOrder(LayerScan scan, SpooledTar tar) {
        this.scan = scan;
        this.tar = tar;
    }

    /// Places what the list names and this layer has.
    void prioritize(PriorityList list) {
        list.items().forEach(this::placeWithNeeds);
    }

    private void placeWithNeeds(PriorityList.Item item) {
        ArrayDeque<RawName> chain = new ArrayDeque<>();
        RawName at = item.path();
        while (true) {
            int entry = scan.entryAt(at);
            if (entry == PathTable.NONE) {
                break;
            }
            chain.push(at);
            TarEntry read = tar.entry(entry);
            if (read.type() != TarEntry.Type.HARD_LINK) {
                reads.merge(entry, item.ranges(), EntryOrder::both);
                break;
            }
            at = EntryPath.clean(read.linkName()); // what came before it, so this ends
        }
        for (RawName each : chain) {
            placeWithParents(each);
        }
    }

    private static List<PriorityList.Range> both(List<PriorityList.Range> a, List<PriorityList.Range> b) {
        return a.isEmpty() || b.isEmpty()
                ? List.of()
                : Stream.concat(a.stream(), b.stream()).toList();
    }

    /// Where the chunks of an entry begin.
    ChunkCuts cuts(int entry, int chunkSize) {
        List<PriorityList.Range> ranges = reads.get(entry);
        return ranges == null ? ChunkCuts.plain(chunkSize) : ChunkCuts.of(chunkSize, ranges);
    }

    private void placeWithParents(RawName path) {
        ArrayDeque<RawName> line = new ArrayDeque<>();
        for (RawName at = path; !at.isEmpty(); at = EntryPath.parent(at)) {
            line.push(at);
        }
        place(scan.entryAt(RawName.EMPTY));
        for (RawName each : line) {
            place(scan.entryAt(each));
        }
    }

    private void place(int entry) {
        if (entry == PathTable.NONE || placed.get(entry)) {
            return;
        }
        placed.set(entry);
        if (count == first.length) {
            first = Arrays.copyOf(first, count * 2);
        }
        first[count++] = entry;
    }

    void forEachFirst(IntConsumer entry) {
        for (int i = 0; i < count; i++) {
            entry.accept(first[i]);
        }
    }

    void forEachOther(IntConsumer entry) {
        for (int i = 0; i < scan.entries(); i++) {
            if (!placed.get(i) && !scan.isDropped(i)) {
                entry.accept(i);
            }
        }
    }
}
