package io.lighterage.stargz.tar;

import io.lighterage.stargz.RawName;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the extended header before an entry says of it (POSIX.1-2001 `pax` records, with the keys of GNU and star).
///
/// Values are bytes. An empty value takes the record back, except that of an extended attribute, which may well be
/// empty. Unknown keys are ignored, as POSIX has it. Of a repeated key the last counts.
final class PaxRecords {
    private static final byte[] PATH = key("path");
    private static final byte[] LINK_PATH = key("linkpath");
    private static final byte[] SIZE = key("size");
    private static final byte[] UID = key("uid");
    private static final byte[] GID = key("gid");
    private static final byte[] MTIME = key("mtime");
    private static final byte[] XATTR = key("SCHILY.xattr.");
    private static final byte[] SPARSE = key("GNU.sparse.");
    private static final byte[] SPARSE_MAJOR = key("major");
    private static final byte[] SPARSE_MINOR = key("minor");
    private static final byte[] SPARSE_NAME = key("name");
    private static final byte[] SPARSE_SIZE = key("size");
    private static final byte[] SPARSE_REAL_SIZE = key("realsize");
    private static final byte[] SPARSE_MAP = key("map");
    private static final byte[] SPARSE_OFFSET = key("offset");
    private static final byte[] SPARSE_BYTES = key("numbytes");

    /// A number that no record gave.
    static final long NONE = -1;

    /// How the sparse map is written.
    enum SparseStyle {
        /// Not sparse, or in a version nobody knows.
        NONE,
        /// The map is in the records (versions 0.0 and 0.1).
        IN_RECORDS,
        /// The map stands before the data (version 1.0).
        IN_PAYLOAD
    }

    @Nullable
    RawName path;

    @Nullable
    RawName linkPath;

    @Nullable
    RawName sparseName;

    long size = NONE;
    long uid = NONE;
    long gid = NONE;
    boolean hasTime;
    long seconds;
    int nanos;
    final Map<RawName, RawName> xattrs = new LinkedHashMap<>();
    private long sparseSize = NONE;
    private long sparseRealSize = NONE;
    private long sparseMajor = NONE;
    private long sparseMinor = NONE;
    private boolean sparseMapSeen;
    private boolean empty = true;

    /// The map of versions 0.0 and 0.1.
    final SparseMap sparse = new SparseMap();

    /// Forgets everything.
    void clear() {
        if (empty) {
            return;
        }
        empty = true;
        path = null;
        linkPath = null;
        sparseName = null;
        size = NONE;
        uid = NONE;
        gid = NONE;
        hasTime = false;
        xattrs.clear();
        sparseSize = NONE;
        sparseRealSize = NONE;
        sparseMajor = NONE;
        sparseMinor = NONE;
        sparseMapSeen = false;
        sparse.clear();
    }

    /// Replaces what is known by the records in the first `length` bytes of `payload`.
    ///
    /// @param header the block before the payload, for failures
    void parse(byte[] payload, int length, TarHeader header) {
        clear();
        empty = false;
        int at = 0;
        while (at < length) {
            at = parseRecord(payload, at, length, header);
        }
    }

    private int parseRecord(byte[] payload, int at, int length, TarHeader header) {
        int i = at;
        int count = 0;
        while (i < length && payload[i] >= '0' && payload[i] <= '9' && count <= length) {
            count = count * 10 + payload[i++] - '0';
        }
        // the shortest record has a one-byte key and no value: `5 k=\n`
        boolean framed = i > at && i < length && payload[i] == ' ' && count <= length - at && count >= i - at + 4;
        if (!framed || payload[at + count - 1] != '\n') {
            throw header.invalid("extended header record at byte " + at + " is malformed", "'length key=value\\n'");
        }
        int keyStart = i + 1;
        int end = at + count - 1;
        int equals = keyStart;
        while (equals < end && payload[equals] != '=') {
            equals++;
        }
        if (equals == end || equals == keyStart) {
            throw header.invalid("extended header record at byte " + at + " has no key", "'length key=value\\n'");
        }
        accept(new PaxField(payload, keyStart, equals, end, header));
        return at + count;
    }

    private void accept(PaxField field) {
        if (field.keyStartsWith(XATTR)) {
            acceptXattr(field);
        } else if (field.keyStartsWith(SPARSE)) {
            acceptSparse(field.tail(SPARSE.length));
        } else if (field.keyIs(PATH)) {
            path = field.name();
        } else if (field.keyIs(LINK_PATH)) {
            linkPath = field.name();
        } else if (field.keyIs(SIZE)) {
            size = field.number();
        } else if (field.keyIs(UID)) {
            uid = field.number();
        } else if (field.keyIs(GID)) {
            gid = field.number();
        } else if (field.keyIs(MTIME)) {
            acceptTime(field);
        }
    }

    private void acceptXattr(PaxField field) {
        RawName name = RawName.of(field.bytes, field.keyStart + XATTR.length, field.equals);
        if (name.isEmpty() || field.hasNul(field.keyStart, field.equals)) {
            throw field.malformed("a name of 1 byte or more without NUL");
        }
        xattrs.put(name, RawName.of(field.bytes, field.equals + 1, field.end));
    }

    private void acceptSparse(PaxField field) {
        if (field.keyIs(SPARSE_NAME)) {
            sparseName = field.name();
        } else if (field.keyIs(SPARSE_SIZE)) {
            sparseSize = field.number();
        } else if (field.keyIs(SPARSE_REAL_SIZE)) {
            sparseRealSize = field.number();
        } else if (field.keyIs(SPARSE_MAJOR)) {
            sparseMajor = field.number();
        } else if (field.keyIs(SPARSE_MINOR)) {
            sparseMinor = field.number();
        } else if (field.keyIs(SPARSE_OFFSET) || field.keyIs(SPARSE_BYTES)) {
            boolean offset = field.keyIs(SPARSE_OFFSET);
            if (offset == sparse.awaitsLength()) {
                throw field.malformed("offsets and lengths in turns");
            }
            sparseMapSeen = true;
            sparse.add(field.number(), field.header);
        } else if (field.keyIs(SPARSE_MAP)) {
            sparse.clear();
            sparseMapSeen = field.end > field.equals + 1;
            field.numbers(sparse);
        }
    }

    SparseStyle sparseStyle() {
        if (sparseMajor == 1 && sparseMinor == 0) {
            return SparseStyle.IN_PAYLOAD;
        }
        boolean zero = sparseMajor == 0 && (sparseMinor == 0 || sparseMinor == 1);
        boolean unsaid = sparseMajor == NONE && sparseMinor == NONE;
        return zero || (unsaid && sparseMapSeen) ? SparseStyle.IN_RECORDS : SparseStyle.NONE;
    }

    /// Length of a sparse file with its holes, or [#NONE].
    long sparseSize() {
        return sparseSize == NONE ? sparseRealSize : sparseSize;
    }

    /// A decimal number of seconds, perhaps negative, perhaps with a fraction, of which nine digits count.
    private void acceptTime(PaxField field) {
        if (field.valueIsEmpty()) {
            hasTime = false;
            return;
        }
        int at = field.equals + 1;
        boolean negative = field.bytes[at] == '-';
        int point = at;
        while (point < field.end && field.bytes[point] != '.') {
            point++;
        }
        long whole = field.decimal(negative ? at + 1 : at, point);
        int fraction = 0;
        int digits = 0;
        for (int i = point + 1; i < field.end; i++) {
            byte b = field.bytes[i];
            if (b < '0' || b > '9') {
                throw field.malformed("decimal seconds");
            }
            if (digits < 9) {
                fraction = fraction * 10 + b - '0';
                digits++;
            }
        }
        for (; digits < 9; digits++) {
            fraction *= 10;
        }
        boolean borrow = negative && fraction > 0;
        hasTime = true;
        seconds = negative ? -whole - (borrow ? 1 : 0) : whole;
        nanos = borrow ? 1_000_000_000 - fraction : fraction;
    }

    private static byte[] key(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
