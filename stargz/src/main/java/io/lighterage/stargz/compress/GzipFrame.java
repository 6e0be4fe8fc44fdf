package io.lighterage.stargz.compress;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;

/// Header and trailer of a gzip member (RFC 1952), read byte by byte however the input is cut.
///
/// | | bytes |
/// |---|---|
/// | magic, method | `1f 8b 08` |
/// | flags | 1: 2 header CRC, 4 extra, 8 name, 16 comment; 32 and above must be zero |
/// | mtime, xfl, os | 6, not used |
/// | extra | 2 length, little-endian, and as many |
/// | name, comment | up to a NUL each |
/// | header CRC | 2, low half of the CRC-32 of all before |
/// | *deflate data* | |
/// | CRC-32, length | 4 + 4, little-endian, of the uncompressed bytes, the length modulo 2^32 |
final class GzipFrame {
    private static final int FIXED = 10;
    private static final int METHOD_DEFLATE = 8;
    private static final int HEADER_CRC = 1 << 1;
    private static final int EXTRA = 1 << 2;
    private static final int NAME = 1 << 3;
    private static final int COMMENT = 1 << 4;
    private static final int RESERVED = 0xe0;

    /// Parts of the header in the order they stand, each named for what it reads next.
    private enum Part {
        FIXED,
        EXTRA_LENGTH,
        EXTRA,
        NAME,
        COMMENT,
        HEADER_CRC,
        DONE
    }

    private final CRC32 crc = new CRC32();
    private Part part = Part.FIXED;
    private int flags;
    private int seen;
    private int value;
    private long trailer;

    void reset() {
        crc.reset();
        part = Part.FIXED;
        flags = 0;
        seen = 0;
        value = 0;
        trailer = 0;
    }

    /// @return whether the header is complete; `in` then stands at the deflate data
    boolean readHeader(ByteBuffer in) throws DataFormatException {
        while (part != Part.DONE && in.hasRemaining()) {
            int next = in.get() & 0xff;
            int sum = (int) crc.getValue() & 0xffff;
            crc.update(next);
            accept(next, sum);
        }
        return part == Part.DONE;
    }

    private void accept(int next, int sum) throws DataFormatException {
        switch (part) {
            case FIXED -> acceptFixed(next);
            case EXTRA_LENGTH -> {
                value |= next << (8 * seen);
                if (++seen == 2) {
                    enter(value > 0 ? Part.EXTRA : Part.NAME, value);
                }
            }
            case EXTRA -> {
                if (--value == 0) {
                    enter(Part.NAME, 0);
                }
            }
            case NAME -> {
                if (next == 0) {
                    enter(Part.COMMENT, 0);
                }
            }
            case COMMENT -> {
                if (next == 0) {
                    enter(Part.HEADER_CRC, sum);
                }
            }
            case HEADER_CRC -> acceptHeaderCrc(next, sum);
            case DONE -> {}
        }
    }

    private void acceptFixed(int next) throws DataFormatException {
        boolean right = switch (seen) {
            case 0 -> next == 0x1f;
            case 1 -> next == 0x8b;
            case 2 -> next == METHOD_DEFLATE;
            case 3 -> (next & RESERVED) == 0;
            default -> true;
        };
        if (!right) {
            throw new DataFormatException("byte " + seen + " of the member's header is " + next);
        }
        if (seen == 3) {
            flags = next;
        }
        if (++seen == FIXED) {
            enter(Part.EXTRA_LENGTH, 0);
        }
    }

    /// The CRC is over the bytes before its own, so its first byte sets out what is wanted.
    private void acceptHeaderCrc(int next, int sum) throws DataFormatException {
        if (seen == 0) {
            value = sum;
        }
        if (next != (value >>> (8 * seen) & 0xff)) {
            throw new DataFormatException("the member's header has a wrong CRC");
        }
        if (++seen == 2) {
            part = Part.DONE;
        }
    }

    /// Goes to the first part from `wanted` on that the flags announce.
    private void enter(Part wanted, int withValue) {
        Part at = wanted;
        if (at == Part.EXTRA_LENGTH && (flags & EXTRA) == 0) {
            at = Part.NAME;
        }
        if (at == Part.NAME && (flags & NAME) == 0) {
            at = Part.COMMENT;
        }
        if (at == Part.COMMENT && (flags & COMMENT) == 0) {
            at = Part.HEADER_CRC;
        }
        if (at == Part.HEADER_CRC && (flags & HEADER_CRC) == 0) {
            at = Part.DONE;
        }
        part = at;
        seen = 0;
        value = withValue;
    }

    /// @return whether the trailer is complete; then it has been compared with what was inflated
    boolean readTrailer(ByteBuffer in, CRC32 ofOutput, long length) throws DataFormatException {
        while (seen < 8 && in.hasRemaining()) {
            trailer |= (in.get() & 0xffL) << (8 * seen++);
        }
        if (seen < 8) {
            return false;
        }
        long wantedCrc = trailer & 0xffffffffL;
        long wantedLength = trailer >>> 32;
        if (wantedCrc != ofOutput.getValue()) {
            throw new DataFormatException(String.format(
                    "the member's bytes have CRC-32 %08x; its trailer says %08x", ofOutput.getValue(), wantedCrc));
        }
        if (wantedLength != (length & 0xffffffffL)) {
            throw new DataFormatException(
                    "the member has " + length + " bytes; its trailer says " + wantedLength + " modulo 2^32");
        }
        return true;
    }

    /// Makes ready for [#readTrailer].
    void enterTrailer() {
        seen = 0;
    }
}
