package io.lighterage.stargz.compress;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/// Compressed bytes for tests.
public final class Compressed {
    private Compressed() {}

    /// One gzip member without optional fields.
    public static byte[] gzip(byte[] bytes) {
        return gzip(bytes, 0, new byte[0]);
    }

    /// One gzip member with these flags and what they announce.
    public static byte[] gzip(byte[] bytes, int flags, byte[] optional) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {0x1f, (byte) 0x8b, 8, (byte) flags, 0, 0, 0, 0, 0, (byte) 255});
        out.writeBytes(optional);
        out.writeBytes(deflate(bytes));
        CRC32 crc = new CRC32();
        crc.update(bytes);
        out.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((int) crc.getValue())
                .putInt(bytes.length)
                .array());
        return out.toByteArray();
    }

    private static byte[] deflate(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (Deflater deflater = new Deflater(6, true)) {
            deflater.setInput(bytes);
            deflater.finish();
            byte[] some = new byte[8192];
            while (!deflater.finished()) {
                out.write(some, 0, deflater.deflate(some));
            }
        }
        return out.toByteArray();
    }

    /// A gzip member with every optional field, the header's CRC included.
    public static byte[] gzipWithAllFields(byte[] bytes) {
        ByteArrayOutputStream optional = new ByteArrayOutputStream();
        optional.writeBytes(new byte[] {5, 0, 'S', 'G', 1, 0, 9});
        optional.writeBytes("name.tar\0a comment\0".getBytes(StandardCharsets.ISO_8859_1));
        int flags = 1 | 2 | 4 | 8 | 16;
        CRC32 crc = new CRC32();
        crc.update(new byte[] {0x1f, (byte) 0x8b, 8, (byte) flags, 0, 0, 0, 0, 0, (byte) 255});
        crc.update(optional.toByteArray());
        optional.write((int) crc.getValue());
        optional.write((int) crc.getValue() >>> 8);
        return gzip(bytes, flags, optional.toByteArray());
    }

    /// One zstd frame with a checksum.
    public static byte[] zstd(byte[] bytes) {
        try (var context =
                new com.github.luben.zstd.ZstdCompressCtx().setLevel(3).setChecksum(true)) {
            return context.compress(bytes);
        }
    }

    /// One zstd frame that asks for a window of `2^log` bytes and holds `bytes`, fewer than 128 KiB, as they are.
    public static byte[] zstdWindow(byte[] bytes, int log) {
        int blockHeader = bytes.length << 3 | 1;
        return ByteBuffer.allocate(9 + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0xfd2fb528)
                .put((byte) 0)
                .put((byte) ((log - 10) << 3))
                .put((byte) blockHeader)
                .put((byte) (blockHeader >>> 8))
                .put((byte) (blockHeader >>> 16))
                .put(bytes)
                .array();
    }

    /// A zstd skippable frame.
    public static byte[] skippable(int nibble, byte[] bytes) {
        return ByteBuffer.allocate(8 + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x184d2a50 + nibble)
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    public static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
