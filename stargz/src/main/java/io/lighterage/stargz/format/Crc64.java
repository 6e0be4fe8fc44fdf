package io.lighterage.stargz.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// CRC-64 of ISO 3309 as Go computes it (reflected, all ones before and after), eight bytes a step.
final class Crc64 {
    private static final long POLYNOMIAL = 0xD800000000000000L;
    private static final int SLICES = 8;
    private static final long[][] TABLES = tables();

    private long crc = -1;

    void reset() {
        crc = -1;
    }

    /// Takes the remaining bytes.
    void update(ByteBuffer bytes) {
        ByteBuffer in = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        bytes.position(bytes.limit());
        long at = crc;
        while (in.remaining() >= Long.BYTES) {
            at ^= in.getLong();
            long next = 0;
            for (int i = 0; i < SLICES; i++) {
                next ^= TABLES[SLICES - 1 - i][(int) (at >>> (8 * i)) & 0xff];
            }
            at = next;
        }
        while (in.hasRemaining()) {
            at = TABLES[0][(int) (at ^ in.get()) & 0xff] ^ at >>> 8;
        }
        crc = at;
    }

    long value() {
        return ~crc;
    }

    private static long[][] tables() {
        long[][] tables = new long[SLICES][256];
        for (int i = 0; i < 256; i++) {
            long value = i;
            for (int bit = 0; bit < 8; bit++) {
                value = (value & 1) == 0 ? value >>> 1 : value >>> 1 ^ POLYNOMIAL;
            }
            tables[0][i] = value;
        }
        for (int slice = 1; slice < SLICES; slice++) {
            for (int i = 0; i < 256; i++) {
                long value = tables[slice - 1][i];
                tables[slice][i] = tables[0][(int) value & 0xff] ^ value >>> 8;
            }
        }
        return tables;
    }
}
