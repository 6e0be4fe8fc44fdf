package io.lighterage.stargz.tar;

import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One record of an extended header: the key is `[keyStart, equals)`, the value `[equals + 1, end)`.
final class PaxField {
    private static final long NONE = PaxRecords.NONE;

    final byte[] bytes;
    final int keyStart;
    final int equals;
    final int end;
    final TarHeader header;

    PaxField(byte[] bytes, int keyStart, int equals, int end, TarHeader header) {
        this.bytes = bytes;
        this.keyStart = keyStart;
        this.equals = equals;
        this.end = end;
        this.header = header;
    }

    PaxField tail(int skipped) {
        return new PaxField(bytes, keyStart + skipped, equals, end, header);
    }

    boolean keyIs(byte[] key) {
        return equals - keyStart == key.length && keyStartsWith(key);
    }

    boolean keyStartsWith(byte[] key) {
        return equals - keyStart >= key.length
                && Arrays.equals(bytes, keyStart, keyStart + key.length, key, 0, key.length);
    }

    boolean valueIsEmpty() {
        return end == equals + 1;
    }

    boolean hasNul(int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] == 0) {
                return true;
            }
        }
        return false;
    }

    @Nullable
    RawName name() {
        if (valueIsEmpty()) {
            return null;
        }
        if (hasNul(equals + 1, end)) {
            throw malformed("a path without NUL");
        }
        return RawName.of(bytes, equals + 1, end);
    }

    long number() {
        return valueIsEmpty() ? NONE : decimal(equals + 1, end);
    }

    /// Comma-separated numbers.
    void numbers(SparseMap into) {
        int from = equals + 1;
        for (int i = from; i <= end && !valueIsEmpty(); i++) {
            if (i == end || bytes[i] == ',') {
                into.add(decimal(from, i), header);
                from = i + 1;
            }
        }
    }

    long decimal(int from, int to) {
        long value = 0;
        for (int i = from; i < to; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9 || value > (Long.MAX_VALUE - digit) / 10) {
                throw malformed("a decimal number of 0 or more that fits in 63 bits");
            }
            value = value * 10 + digit;
        }
        if (from >= to) {
            throw malformed("a decimal number");
        }
        return value;
    }

    ImageException malformed(String expected) {
        return header.invalid(
                "extended header record " + TarHeader.shown(RawName.of(bytes, keyStart, equals)) + " is '"
                        + TarHeader.shown(RawName.of(bytes, equals + 1, end)) + "'",
                expected);
    }
}
