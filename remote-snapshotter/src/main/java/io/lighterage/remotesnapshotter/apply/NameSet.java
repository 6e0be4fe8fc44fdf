package io.lighterage.remotesnapshotter.apply;

import java.util.Arrays;

/// A set of file names of one directory, exact and compact: the bytes of each name plus two for its length and about
/// eight for its place in the table. A layer may have a million entries, and all its names are kept while it is
/// applied, since a whiteout must not remove what the same layer brought.
///
/// The hash is a polynomial whose base the maker of a layer cannot know, or names could be made to collide.
final class NameSet {
    private final long base;
    private byte[] names = new byte[64];
    private int used = 1; // offset 0 means "empty slot"
    private int[] slots = new int[8];
    private int count;

    /// @param seed any number that layers cannot guess
    NameSet(long seed) {
        this.base = seed | 1;
    }

    /// Adds a name of at most 65,535 bytes; false when it was there.
    boolean add(byte[] name) {
        int slot = find(name);
        if (slots[slot] != 0) {
            return false;
        }
        if (used + name.length + 2 > names.length) {
            names = Arrays.copyOf(names, Math.max(names.length * 2, used + name.length + 2));
        }
        slots[slot] = used;
        names[used] = (byte) (name.length >> 8);
        names[used + 1] = (byte) name.length;
        System.arraycopy(name, 0, names, used + 2, name.length);
        used += name.length + 2;
        if (++count * 2 > slots.length) {
            grow();
        }
        return true;
    }

    boolean contains(byte[] name) {
        return slots[find(name)] != 0;
    }

    private int find(byte[] name) {
        int slot = hash(name) & (slots.length - 1);
        while (slots[slot] != 0 && !matches(slots[slot], name)) {
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    private boolean matches(int at, byte[] name) {
        int length = lengthAt(at);
        return length == name.length && Arrays.equals(names, at + 2, at + 2 + length, name, 0, length);
    }

    private int lengthAt(int at) {
        return (names[at] & 0xff) << 8 | (names[at + 1] & 0xff);
    }

    private void grow() {
        slots = new int[slots.length * 2];
        for (int at = 1; at < used; at += lengthAt(at) + 2) {
            byte[] name = Arrays.copyOfRange(names, at + 2, at + 2 + lengthAt(at));
            slots[find(name)] = at;
        }
    }

    private int hash(byte[] name) {
        long hash = 0;
        for (byte b : name) {
            hash = hash * base + b;
        }
        return (int) ((hash * 0x9E3779B97F4A7C15L) >>> 33);
    }
}
