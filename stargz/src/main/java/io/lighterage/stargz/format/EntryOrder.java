package io.lighterage.stargz.format;

import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/// In what order the kept entries of a layer are written: those of the priority list first, each after the directories
/// that hold it and after the file it is a hard link to, then the others as they came.
final class EntryOrder {
    private final LayerScan scan;
    private final SpooledTar tar;
    private final BitSet placed = new BitSet();
    private final Map<Integer, List<ChunkCuts.Read>> reads = new HashMap<>();
    private int rank;
    private int[] first = new int[64];
    private int count;

    EntryOrder(LayerScan scan, SpooledTar tar) {
        this.scan = scan;
        this.tar = tar;
    }

    /// Places what the list names and this layer has.
    void prioritize(PriorityList list) {
        for (PriorityList.Item item : list.items()) {
            rank++;
            placeWithNeeds(item);
        }
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
                note(entry, item.ranges());
                break;
            }
            at = EntryPath.clean(read.linkName()); // what came before it, so this ends
        }
        for (RawName each : chain) {
            placeWithParents(each);
        }
    }

    private void note(int entry, List<PriorityList.Range> ranges) {
        List<ChunkCuts.Read> known = reads.computeIfAbsent(entry, ignored -> new ArrayList<>());
        if (ranges.isEmpty()) {
            known.add(new ChunkCuts.Read(0, Long.MAX_VALUE, rank));
        }
        for (PriorityList.Range range : ranges) {
            known.add(new ChunkCuts.Read(range.offset(), range.offset() + range.length(), rank));
        }
    }

    /// Where the chunks of an entry begin.
    ChunkCuts cuts(int entry, int chunkSize) {
        return ChunkCuts.of(chunkSize, reads.getOrDefault(entry, List.of()));
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
