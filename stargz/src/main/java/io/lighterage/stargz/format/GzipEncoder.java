package io.lighterage.stargz.format;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/// Gzip members (RFC 1952) by the JDK's zlib.
///
/// The header has no time and the operating system "unknown", so that nothing but the bytes decides the result.
final class GzipEncoder implements MemberEncoder {
    /// zlib's own default: level 9 takes twice the time of it for one per cent less.
    static final int LEVEL = 6;

    private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 255};
    private static final int TRAILER = 8;

    private final Deflater deflater = new Deflater(LEVEL, true);
    private final CRC32 crc = new CRC32();

    @Override
    public int bound(int length) {
        // zlib's deflateBound for its usual window and memory, plus the frame
        return length + (length >>> 12) + (length >>> 14) + (length >>> 25) + 13 + HEADER.length + TRAILER;
    }

    @Override
    public void encode(ByteBuffer raw, ByteBuffer out) {
        int length = raw.remaining();
        crc.reset();
        crc.update(raw.duplicate());
        out.put(HEADER);
        deflater.reset();
        deflater.setInput(raw);
        deflater.finish();
        while (!deflater.finished()) {
            if (deflater.deflate(out) == 0 && !deflater.finished()) {
                throw new ImageException(
                        ErrorKind.INTERNAL,
                        "compressing " + length + " bytes: zlib wants more room than " + bound(length)
                                + " bytes, its own bound");
            }
        }
        ByteOrder before = out.order();
        out.order(ByteOrder.LITTLE_ENDIAN).putInt((int) crc.getValue()).putInt(length);
        out.order(before);
    }

    @Override
    public void close() {
        deflater.end();
    }
}
