package io.lighterage.stargz.tar;

import static io.lighterage.stargz.tar.TarFormat.BLOCK;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;

/// One header block and the decoding of its fields. One instance is loaded again and again.
final class TarHeader {
    /// Which dialect the magic says.
    enum Dialect {
        SEVENTH_EDITION,
        POSIX,
        STAR,
        GNU
    }

    private static final byte[] MAGIC_POSIX = {'u', 's', 't', 'a', 'r', 0};
    private static final byte[] MAGIC_GNU = {'u', 's', 't', 'a', 'r', ' ', ' ', 0};
    private static final byte[] TRAILER_STAR = {'t', 'a', 'r', 0};

    private static final int MAX_SHOWN = 200;

    /// Long enough for prefix, slash and name.
    private final byte[] joined = new byte[TarFormat.PREFIX_LENGTH + 1 + TarFormat.NAME_LENGTH];

    private final byte[] block = new byte[BLOCK];
    private long offset;

    /// The 512 bytes, to be filled by the caller.
    byte[] block() {
        return block;
    }

    /// Says where in the stream the block lies, for failures.
    void loaded(long at) {
        offset = at;
    }

    long offset() {
        return offset;
    }

    boolean isZero() {
        return isZero(block, BLOCK);
    }

    static boolean isZero(byte[] bytes, int length) {
        int all = 0;
        for (int i = 0; i < length; i++) {
            all |= bytes[i];
        }
        return all == 0;
    }

    byte type() {
        return block[TarFormat.TYPE];
    }

    Dialect dialect() {
        if (has(TarFormat.MAGIC, MAGIC_POSIX)) {
            return has(TarFormat.STAR_TRAILER, TRAILER_STAR) ? Dialect.STAR : Dialect.POSIX;
        }
        return has(TarFormat.MAGIC, MAGIC_GNU) ? Dialect.GNU : Dialect.SEVENTH_EDITION;
    }

    private boolean has(int at, byte[] wanted) {
        for (int i = 0; i < wanted.length; i++) {
            if (block[at + i] != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    /// @throws ImageException CORRUPT when the sum differs, be it counted with unsigned or with signed bytes (old
    ///     writers did the latter)
    void verifyChecksum() {
        long wanted = octal(TarFormat.CHECKSUM, TarFormat.CHECKSUM_LENGTH);
        int unsigned = 0;
        int highBits = 0;
        for (int i = 0; i < BLOCK; i++) {
            unsigned += block[i] & 0xff;
            highBits += block[i] >>> 7 & 1;
        }
        for (int i = TarFormat.CHECKSUM; i < TarFormat.CHECKSUM + TarFormat.CHECKSUM_LENGTH; i++) {
            unsigned += ' ' - (block[i] & 0xff);
            highBits -= block[i] >>> 7 & 1;
        }
        if (wanted != unsigned && wanted != unsigned - 256 * highBits) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    "reading a tar header at offset " + offset + ": its bytes sum to " + unsigned
                            + " but its checksum is '"
                            + RawName.of(block, TarFormat.CHECKSUM, TarFormat.CHECKSUM + TarFormat.CHECKSUM_LENGTH)
                            + "'; expected "
                            + Integer.toOctalString(unsigned) + " there. The stream is damaged or not a tar archive");
        }
    }

    RawName name() {
        Dialect dialect = dialect();
        int prefix = switch (dialect) {
            case POSIX -> textLength(TarFormat.PREFIX, TarFormat.PREFIX_LENGTH);
            case STAR -> textLength(TarFormat.PREFIX, TarFormat.STAR_PREFIX_LENGTH);
            case GNU -> misplacedPrefix();
            case SEVENTH_EDITION -> 0;
        };
        int name = textLength(TarFormat.NAME, TarFormat.NAME_LENGTH);
        if (prefix == 0) {
            return RawName.of(block, TarFormat.NAME, TarFormat.NAME + name);
        }
        System.arraycopy(block, TarFormat.PREFIX, joined, 0, prefix);
        joined[prefix] = '/';
        System.arraycopy(block, TarFormat.NAME, joined, prefix + 1, name);
        return RawName.of(joined, 0, prefix + 1 + name);
    }

    /// Go's writer before 1.8 put a prefix where GNU has times. It shows by times that are not numbers.
    private int misplacedPrefix() {
        boolean times = numeric(TarFormat.GNU_ATIME, TarFormat.LONG_LENGTH)
                && numeric(TarFormat.GNU_CTIME, TarFormat.LONG_LENGTH);
        if (times || type() == TarFormat.TYPE_GNU_SPARSE) {
            return 0;
        }
        int length = textLength(TarFormat.PREFIX, TarFormat.PREFIX_LENGTH);
        for (int i = 0; i < length; i++) {
            if (block[TarFormat.PREFIX + i] < 0) {
                return 0;
            }
        }
        return length;
    }

    RawName linkName() {
        int length = textLength(TarFormat.LINK_NAME, TarFormat.NAME_LENGTH);
        return RawName.of(block, TarFormat.LINK_NAME, TarFormat.LINK_NAME + length);
    }

    /// The length of a file of type `S` with its holes.
    long gnuRealSize() {
        if (dialect() != Dialect.GNU) {
            throw invalid("type S stands in a header without GNU's magic", "'ustar  '");
        }
        return number(TarFormat.GNU_REAL_SIZE, TarFormat.LONG_LENGTH, "real size");
    }

    /// Adds up to `pairs` offsets and lengths, fewer when one is blank.
    ///
    /// @return whether a further block of them follows
    boolean addPairs(SparseMap map, int at, int pairs, int extendedFlag) {
        for (int i = 0; i < pairs && block[at + i * TarFormat.GNU_PAIR] != 0; i++) {
            int pair = at + i * TarFormat.GNU_PAIR;
            map.add(number(pair, TarFormat.LONG_LENGTH, "sparse offset"), this);
            map.add(number(pair + TarFormat.LONG_LENGTH, TarFormat.LONG_LENGTH, "sparse length"), this);
        }
        return block[extendedFlag] != 0;
    }

    private int textLength(int at, int length) {
        for (int i = 0; i < length; i++) {
            if (block[at + i] == 0) {
                return i;
            }
        }
        return length;
    }

    /// Whether the field is empty, octal or base-256.
    private boolean numeric(int at, int length) {
        return (block[at] & 0x80) != 0 || octal(at, length) >= 0;
    }

    /// The value of a number field, which may be negative in base-256.
    ///
    /// @throws ImageException INVALID when it is not a number of 63 bits
    long number(int at, int length, String field) {
        if ((block[at] & 0x80) != 0) {
            return base256(at, length, field);
        }
        long value = octal(at, length);
        if (value < 0) {
            throw notNumber(at, length, field);
        }
        return value;
    }

    /// Octal digits with spaces and NULs on either side; whatever follows a NUL after the digits does not count.
    /// Blank is 0. At most 12 digits, so no overflow.
    ///
    /// @return -1 when it is something else
    private long octal(int at, int length) {
        int end = at + length;
        int i = at;
        while (i < end && (block[i] == ' ' || block[i] == 0)) {
            i++;
        }
        long value = 0;
        while (i < end && block[i] >= '0' && block[i] <= '7') {
            value = value << 3 | block[i] - '0';
            i++;
        }
        while (i < end && block[i] == ' ') {
            i++;
        }
        return i == end || block[i] == 0 ? value : -1;
    }

    private long base256(int at, int length, String field) {
        boolean negative = (block[at] & 0x40) != 0;
        long value = negative ? -1 : 0;
        for (int i = 0; i < length; i++) {
            int b = block[at + i] & 0xff;
            if (i == 0) {
                b = negative ? b : b & 0x7f;
            }
            long next = value << 8 | b;
            if (next >> 8 != value) {
                throw notNumber(at, length, field);
            }
            value = next;
        }
        return value;
    }

    private ImageException notNumber(int at, int length, String field) {
        return invalid(
                field + " is '" + RawName.of(block, at, at + length) + "'",
                "octal digits or a base-256 number that fits in 63 bits");
    }

    /// A name for a message: a hostile one may be a megabyte long.
    static String shown(RawName name) {
        String text = name.toString();
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…";
    }

    ImageException invalid(String happened, String expected) {
        return new ImageException(
                ErrorKind.INVALID,
                "reading a tar header at offset " + offset + ": " + happened + "; expected " + expected
                        + ". The layer was written wrongly and cannot be applied");
    }
}
