package io.lighterage.linux.isal;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;

/// Reads one gzip member header (RFC 1952 §2.3) however the input is cut.
///
/// ISA-L can read headers too, but when a header is cut it forgets the flags it has seen and takes a file name for
/// deflate data; so it is given the stream behind the header only.
///
/// ```
/// 0  ID1 ID2    1f 8b
/// 2  CM         8: deflate
/// 3  FLG        1 text, 2 header CRC, 4 extra field, 8 name, 16 comment
/// 4  MTIME XFL OS   6 bytes, ignored
/// 10 [XLEN 2, extra] [name 00] [comment 00] [CRC16 2]
/// ```
final class GzipHeader {
    private static final int FLAG_CRC = 2;
    private static final int FLAG_EXTRA = 4;
    private static final int FLAG_NAME = 8;
    private static final int FLAG_COMMENT = 16;
    private static final int FLAGS_RESERVED = 0xe0;

    private enum Part {
        ID1,
        ID2,
        METHOD,
        FLAGS,
        REST,
        EXTRA_LOW,
        EXTRA_HIGH,
        EXTRA,
        NAME,
        COMMENT,
        CRC_LOW,
        CRC_HIGH,
        DONE
    }

    private final CRC32 crc = new CRC32();
    private Part part = Part.ID1;
    private int flags;
    private int left;

    void reset() {
        part = Part.ID1;
        crc.reset();
    }

    /// Takes header bytes from `in` and leaves the first byte behind the header.
    ///
    /// @return whether the header is complete
    /// @throws DataFormatException if this is not a gzip header
    boolean read(ByteBuffer in) throws DataFormatException {
        while (part != Part.DONE && in.hasRemaining()) {
            int b = Byte.toUnsignedInt(in.get());
            int sum = (int) crc.getValue() & 0xffff;
            crc.update(b);
            part = take(b, sum);
        }
        return part == Part.DONE;
    }

    private Part take(int b, int sum) throws DataFormatException {
        return switch (part) {
            case ID1 -> expect(b == 0x1f, "does not begin with 1f 8b", Part.ID2);
            case ID2 -> expect(b == 0x8b, "does not begin with 1f 8b", Part.METHOD);
            case METHOD -> expect(b == 8, "names compression method " + b + ", not 8 (deflate)", Part.FLAGS);
            case FLAGS -> {
                flags = b;
                left = 6;
                yield expect((b & FLAGS_RESERVED) == 0, "sets reserved flags", Part.REST);
            }
            case REST -> --left > 0 ? Part.REST : afterFixed();
            case EXTRA_LOW -> {
                left = b;
                yield Part.EXTRA_HIGH;
            }
            case EXTRA_HIGH -> {
                left |= b << 8;
                yield left > 0 ? Part.EXTRA : afterExtra();
            }
            case EXTRA -> --left > 0 ? Part.EXTRA : afterExtra();
            case NAME -> b != 0 ? Part.NAME : afterName();
            case COMMENT -> b != 0 ? Part.COMMENT : afterComment();
            case CRC_LOW -> {
                left = sum;
                yield expect(b == (sum & 0xff), "has a wrong header checksum", Part.CRC_HIGH);
            }
            case CRC_HIGH -> expect(b == left >> 8, "has a wrong header checksum", Part.DONE);
            case DONE -> Part.DONE;
        };
    }

    private Part afterFixed() {
        return (flags & FLAG_EXTRA) != 0 ? Part.EXTRA_LOW : afterExtra();
    }

    private Part afterExtra() {
        return (flags & FLAG_NAME) != 0 ? Part.NAME : afterName();
    }

    private Part afterName() {
        return (flags & FLAG_COMMENT) != 0 ? Part.COMMENT : afterComment();
    }

    private Part afterComment() {
        return (flags & FLAG_CRC) != 0 ? Part.CRC_LOW : Part.DONE;
    }

    private static Part expect(boolean holds, String fault, Part next) throws DataFormatException {
        if (!holds) {
            throw new DataFormatException("the gzip header " + fault);
        }
        return next;
    }
}
