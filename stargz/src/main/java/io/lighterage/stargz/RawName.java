package io.lighterage.stargz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A file name or path as the bytes it has on disk; names in layers need not be UTF-8.
public final class RawName implements Comparable<RawName> {
    /// The name of no bytes.
    public static final RawName EMPTY = new RawName(new byte[0]);

    private final byte[] bytes;

    private RawName(byte[] bytes) {
        this.bytes = bytes;
    }

    public static RawName of(byte[] bytes) {
        return new RawName(bytes.clone());
    }

    /// The bytes `[from, to)` of `source`, copied.
    public static RawName of(byte[] source, int from, int to) {
        return from == to ? EMPTY : new RawName(Arrays.copyOfRange(source, from, to));
    }

    public static RawName of(String text) {
        return new RawName(text.getBytes(StandardCharsets.UTF_8));
    }

    /// A copy of the bytes.
    public byte[] toBytes() {
        return bytes.clone();
    }

    public int length() {
        return bytes.length;
    }

    /// Copies the bytes into `target` at `offset`.
    public void copyTo(byte[] target, int offset) {
        System.arraycopy(bytes, 0, target, offset, bytes.length);
    }

    public byte at(int index) {
        return bytes[index];
    }

    public boolean isEmpty() {
        return bytes.length == 0;
    }

    @Override
    public int compareTo(RawName other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RawName name && Arrays.equals(bytes, name.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /// For people: UTF-8 where it is, `\xNN` for other bytes and control characters.
    @Override
    public String toString() {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') < 0 && text.chars().noneMatch(Character::isISOControl)) {
            return text;
        }
        StringBuilder out = new StringBuilder();
        for (byte b : bytes) {
            if (b >= 0x20 && b < 0x7f) {
                out.append((char) b);
            } else {
                out.append(String.format("\\x%02x", b & 0xff));
            }
        }
        return out.toString();
    }
}
