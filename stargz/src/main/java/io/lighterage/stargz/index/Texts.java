package io.lighterage.stargz.index;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Bytes that only grow in number, and are found again by where they begin.
final class Texts {
    /// Names, targets and extended attributes of one layer. An index file is mapped, and so below 2 GiB.
    private static final int MAX_BYTES = 1 << 30;

    private byte[] bytes = new byte[4096];
    private int length;

    int length() {
        return length;
    }

    /// @return where the bytes now begin
    int add(byte[] source, int from, int to) {
        int at = length;
        if (to - from > MAX_BYTES - length) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the names and attributes of the layer have more than " + MAX_BYTES + " bytes, the limit");
        }
        if (length + to - from > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(length + to - from, bytes.length + (bytes.length >> 1)));
        }
        System.arraycopy(source, from, bytes, length, to - from);
        length += to - from;
        return at;
    }

    int add(byte[] source) {
        return add(source, 0, source.length);
    }

    boolean equals(int at, int count, byte[] other, int from, int to) {
        return Arrays.equals(bytes, at, at + count, other, from, to);
    }

    int compare(int at, int count, int otherAt, int otherCount) {
        return Arrays.compareUnsigned(bytes, at, at + count, bytes, otherAt, otherAt + otherCount);
    }

    byte[] copy(int at, int count) {
        return Arrays.copyOfRange(bytes, at, at + count);
    }

    byte[] array() {
        return bytes;
    }

    /// All of it, for reading.
    ByteBuffer buffer() {
        return ByteBuffer.wrap(bytes, 0, length).slice().order(ByteOrder.LITTLE_ENDIAN);
    }
}
