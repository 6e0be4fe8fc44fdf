package io.lighterage.stargz.format;

import io.lighterage.stargz.RawName;
import java.util.Arrays;

/// Paths numbered in the order they came, compactly: their bytes and about sixteen more. A layer may have a million.
///
/// The hash is a polynomial whose base the maker of a layer cannot know, or paths could be made to collide.
final class PathTable {
    static final int NONE = -1;

    private final long base;
    private byte[] bytes = new byte[1024];
    private int[] ends = new int[64];
    private int[] slots = new int[128];
    private int count;

    /// @param seed any number that layers cannot guess
    PathTable(long seed) {
        base = seed | 1;
    }

    int size() {
        return count;
    }

    /// The path's number, or [#NONE].
    int find(RawName path) {
        return slots[slot(path)] - 1;
    }

    /// Numbers a path that is not there yet.
    int add(RawName path) {
        int start = start(count);
        if (bytes.length - start < path.length()) {
            bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(start, path.length()), start + (start >> 1)));
        }
        if (count == ends.length) {
            ends = Arrays.copyOf(ends, count * 2);
        }
        slots[slot(path)] = count + 1;
        path.copyTo(bytes, start);
        ends[count] = start + path.length();
        count++;
        if (count * 2 > slots.length) {
            grow();
        }
        return count - 1;
    }

    private int start(int number) {
        return number == 0 ? 0 : ends[number - 1];
    }

    private RawName path(int number) {
        return RawName.of(bytes, start(number), ends[number]);
    }

    private int slot(RawName path) {
        int slot = hash(path) & (slots.length - 1);
        while (slots[slot] != 0 && !path(slots[slot] - 1).equals(path)) {
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    private void grow() {
        slots = new int[slots.length * 2];
        for (int number = 0; number < count; number++) {
            slots[slot(path(number))] = number + 1;
        }
    }

    private int hash(RawName path) {
        long hash = 0;
        for (int i = 0; i < path.length(); i++) {
            hash = hash * base + path.at(i);
        }
        return (int) ((hash * 0x9E3779B97F4A7C15L) >>> 33);
    }
}
