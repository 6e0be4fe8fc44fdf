package io.lighterage.stargz.index;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Records of one size that only grow in number, in pages, so that a million of them are neither objects nor copied
/// again and again. Little-endian.
final class Records {
    private static final int PER_PAGE_BITS = 10;
    private static final int PER_PAGE = 1 << PER_PAGE_BITS;

    private final int size;
    private final List<ByteBuffer> pages = new ArrayList<>();
    private int count;

    /// @param size bytes of each record
    Records(int size) {
        this.size = size;
    }

    int count() {
        return count;
    }

    /// Adds a record of zeros.
    int add() {
        if (count == pages.size() << PER_PAGE_BITS) {
            pages.add(ByteBuffer.allocate(size << PER_PAGE_BITS).order(ByteOrder.LITTLE_ENDIAN));
        }
        return count++;
    }

    private ByteBuffer page(int record) {
        return pages.get(record >>> PER_PAGE_BITS);
    }

    private int at(int record, int field) {
        return (record & (PER_PAGE - 1)) * size + field;
    }

    byte getByte(int record, int field) {
        return page(record).get(at(record, field));
    }

    void putByte(int record, int field, int value) {
        page(record).put(at(record, field), (byte) value);
    }

    int getInt(int record, int field) {
        return page(record).getInt(at(record, field));
    }

    void putInt(int record, int field, int value) {
        page(record).putInt(at(record, field), value);
    }

    long getLong(int record, int field) {
        return page(record).getLong(at(record, field));
    }

    void putLong(int record, int field, long value) {
        page(record).putLong(at(record, field), value);
    }

    void put(int record, int field, byte[] bytes) {
        page(record).put(at(record, field), bytes);
    }

    /// The bytes of one record, for reading.
    ByteBuffer slice(int record) {
        return page(record).slice(at(record, 0), size);
    }
}
