package io.lighterage.remotesnapshotter.mount;

import java.util.Arrays;

/// Numbers by node, 12 bytes a place: a map of boxed keys would take 60. Not thread-safe while it is filled.
final class LongTable {
    private static final long FREE = -1;

    private long[] keys = new long[16];
    private int[] values = new int[16];
    private int size;

    LongTable() {
        Arrays.fill(keys, FREE);
    }

    /// The number of a node, or `otherwise`.
    int get(long key, int otherwise) {
        int at = place(keys, key);
        return keys[at] == key ? values[at] : otherwise;
    }

    void put(long key, int value) {
        if (2 * size >= keys.length) {
            grow();
        }
        int at = place(keys, key);
        if (keys[at] != key) {
            keys[at] = key;
            size++;
        }
        values[at] = value;
    }

    void increment(long key) {
        put(key, get(key, 0) + 1);
    }

    boolean isEmpty() {
        return size == 0;
    }

    private void grow() {
        long[] moreKeys = new long[2 * keys.length];
        int[] moreValues = new int[2 * keys.length];
        Arrays.fill(moreKeys, FREE);
        for (int i = 0; i < keys.length; i++) {
            if (keys[i] != FREE) {
                int at = place(moreKeys, keys[i]);
                moreKeys[at] = keys[i];
                moreValues[at] = values[i];
            }
        }
        keys = moreKeys;
        values = moreValues;
    }

    /// Where the key is or would go; half the places are free, so there is one.
    private static int place(long[] keys, long key) {
        long mixed =
                key * 0x9E3779B97F4A7C15L; // Knuth's multiplicative hashing: the high bits depend on all of the key
        int mask = keys.length - 1;
        int at = (int) (mixed >>> 32) & mask;
        while (keys[at] != key && keys[at] != FREE) {
            at = at + 1 & mask;
        }
        return at;
    }
}
