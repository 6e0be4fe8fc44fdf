package io.lighterage.stargz.index;

import io.lighterage.stargz.RawName;
import java.nio.ByteBuffer;

/// The directory entries of an index and their names.
///
/// @param bytes the whole index
/// @param place where the entries begin
/// @param count how many there are
/// @param namesAt where the names begin
/// @param namesEnd where they end
record IndexEntries(ByteBuffer bytes, int place, int count, int namesAt, int namesEnd) {
    int inode(int entry) {
        return bytes.getInt(place + entry * IndexFormat.ENTRY + IndexFormat.ENTRY_INODE);
    }

    int nameAt(int entry) {
        return namesAt + bytes.getInt(place + entry * IndexFormat.ENTRY);
    }

    int nameEnd(int entry) {
        return entry + 1 == count ? namesEnd : nameAt(entry + 1);
    }

    RawName name(int entry) {
        byte[] copy = new byte[nameEnd(entry) - nameAt(entry)];
        bytes.get(nameAt(entry), copy);
        return RawName.of(copy, 0, copy.length);
    }

    /// The inode of a name among `number` entries, or [LayerIndex#NONE].
    int find(int first, int number, RawName name) {
        int low = first;
        int high = first + number - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = compare(middle, name);
            if (order == 0) {
                return inode(middle);
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return LayerIndex.NONE;
    }

    private int compare(int entry, RawName name) {
        int from = nameAt(entry);
        int length = nameEnd(entry) - from;
        int common = Math.min(length, name.length());
        for (int i = 0; i < common; i++) {
            int order = Byte.compareUnsigned(bytes.get(from + i), name.at(i));
            if (order != 0) {
                return order;
            }
        }
        return length - name.length();
    }

    /// Whether the name of an entry comes after that of the one before it.
    boolean ascends(int entry) {
        int before = nameAt(entry - 1);
        int at = nameAt(entry);
        int length = nameEnd(entry) - at;
        int common = Math.min(at - before, length);
        for (int i = 0; i < common; i++) {
            int order = Byte.compareUnsigned(bytes.get(before + i), bytes.get(at + i));
            if (order != 0) {
                return order < 0;
            }
        }
        return at - before < length;
    }
}
