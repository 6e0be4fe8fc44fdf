package io.lighterage.stargz.format;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.index.Encoding;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// The last bytes of a blob that can be read in parts: where its table of contents is.
///
/// eStargz, an empty gzip member whose extra field says it; 51 bytes, 47 in the first version, 46 when the table
/// is elsewhere:
///
/// | offset | length | |
/// |---|---|---|
/// | 0 | 4 | `1f 8b 08 04`: gzip with an extra field |
/// | 4 | 6 | time, flags, system |
/// | 10 | 2 | length of the extra field: 26, 22 or 21 |
/// | 12 | 4 | `SG` and the length of what follows, 22 or 17; absent in the first version |
/// | 16 | 16 + 6 | offset in hexadecimal digits, `STARGZ`; or `STARGZEXTERNALTOC` |
/// | 38 | 13 | an empty stored block, CRC and length |
///
/// zstd:chunked, a skippable frame of 8 + 64 bytes (containers/storage) or 8 + 40 (its first version, and
/// stargz-snapshotter), little-endian:
///
/// | offset | length | |
/// |---|---|---|
/// | 0 | 8 + 8 + 8 | offset of the table, its compressed length, its length |
/// | 24 | 8 | 1, the type of the table |
/// | 32 | 3 × 8 | the same of tar-split data; absent in the short form |
/// | 56 or 32 | 8 | `GNUlInUx`, or `GnUlInUx` in the short form |
///
/// @param encoding of the blob
/// @param tocOffset where the table, or the member that holds it, begins; where the footer does when the table is
///     elsewhere
/// @param tocLength its length as stored; 0 when it is elsewhere
record Footer(Encoding encoding, long tocOffset, long tocLength) {
    private static final int ESTARGZ = 51;
    private static final int STARGZ = 47;
    private static final int EXTERNAL = 46;
    private static final int CHUNKED = 64;
    private static final int CHUNKED_SHORT = 40;
    private static final int FRAME_HEAD = 8;

    /// As many last bytes as are looked at.
    static final int MAX_BYTES = FRAME_HEAD + CHUNKED;

    private static final byte[] GZIP = {0x1f, (byte) 0x8b, 8, 4};
    private static final byte[] CHUNKED_MAGIC = "GNUlInUx".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CHUNKED_SHORT_MAGIC = "GnUlInUx".getBytes(StandardCharsets.US_ASCII);

    /// @param tail the last bytes of the blob, [#MAX_BYTES] or more unless the blob is shorter; left as it was
    /// @param blobSize length of the blob
    /// @return empty when there is no footer
    /// @throws ImageException CORRUPT when the footer says that the table is where it cannot be; INVALID when the
    ///     table is longer than any may be
    static Optional<Footer> parse(ByteBuffer tail, long blobSize, String what) {
        ByteBuffer bytes = tail.slice().order(ByteOrder.LITTLE_ENDIAN);
        int end = bytes.limit();
        if (isGzip(bytes, end - EXTERNAL, 21)
                && text(bytes, end - EXTERNAL + 16, 17).equals("STARGZEXTERNALTOC")) {
            return Optional.of(new Footer(Encoding.GZIP_MEMBERS, blobSize - EXTERNAL, 0));
        }
        if (isGzip(bytes, end - ESTARGZ, 26)
                && text(bytes, end - ESTARGZ + 12, 2).equals("SG")) {
            return gzip(bytes, end - ESTARGZ + 16, ESTARGZ, blobSize, what);
        }
        if (isGzip(bytes, end - STARGZ, 22)) {
            return gzip(bytes, end - STARGZ + 12, STARGZ, blobSize, what);
        }
        if (endsWith(bytes, CHUNKED_MAGIC)) {
            return Optional.of(zstd(bytes, end - CHUNKED, blobSize, what));
        }
        return endsWith(bytes, CHUNKED_SHORT_MAGIC)
                ? Optional.of(zstd(bytes, end - CHUNKED_SHORT, blobSize, what))
                : Optional.empty();
    }

    private static boolean isGzip(ByteBuffer bytes, int at, int extraLength) {
        if (at < 0) {
            return false;
        }
        for (int i = 0; i < GZIP.length; i++) {
            if (bytes.get(at + i) != GZIP[i]) {
                return false;
            }
        }
        return Short.toUnsignedInt(bytes.getShort(at + 10)) == extraLength;
    }

    private static Optional<Footer> gzip(ByteBuffer bytes, int at, int length, long blobSize, String what) {
        String offset = text(bytes, at, 16);
        if (!text(bytes, at + 16, 6).equals("STARGZ") || !offset.matches("[0-7][0-9a-fA-F]{15}")) {
            return Optional.empty();
        }
        long tocOffset = Long.parseLong(offset, 16);
        long tocLength = blobSize - length - tocOffset;
        return Optional.of(checked(new Footer(Encoding.GZIP_MEMBERS, tocOffset, tocLength), blobSize - length, what));
    }

    private static Footer zstd(ByteBuffer bytes, int at, long blobSize, String what) {
        if (at < 0) {
            throw corrupt(what, "is cut off");
        }
        long type = bytes.getLong(at + 24);
        if (type != 1) {
            throw corrupt(what, "names a table of type " + type + "; expected 1");
        }
        Footer footer = new Footer(Encoding.ZSTD_FRAMES, bytes.getLong(at), bytes.getLong(at + 8));
        // before the table is the head of its frame
        if (footer.tocOffset() < FRAME_HEAD) {
            throw corrupt(what, "puts the table of contents at " + footer.tocOffset());
        }
        return checked(footer, blobSize - (bytes.limit() - at) - FRAME_HEAD, what);
    }

    /// @param end where the table must end
    private static Footer checked(Footer footer, long end, String what) {
        long offset = footer.tocOffset();
        long length = footer.tocLength();
        if (offset < 0 || length <= 0 || length > end || offset > end - length) {
            throw corrupt(what, "puts the table of contents at " + offset + ", outside the blob");
        }
        if (length > TocLimits.MAX_BYTES) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    what + " has a table of contents of " + length + " compressed bytes; expected at most "
                            + TocLimits.MAX_BYTES);
        }
        return footer;
    }

    /// Whether the table is not in the blob.
    boolean detached() {
        return tocLength == 0;
    }

    /// Where the frames of the layer end.
    long dataEnd() {
        return switch (encoding) {
            case ZSTD_FRAMES -> tocOffset - FRAME_HEAD;
            case GZIP_MEMBERS, NONE -> tocOffset;
        };
    }

    private static boolean endsWith(ByteBuffer bytes, byte[] magic) {
        int at = bytes.limit() - magic.length;
        return at >= 0 && text(bytes, at, magic.length).equals(new String(magic, StandardCharsets.ISO_8859_1));
    }

    private static String text(ByteBuffer bytes, int at, int length) {
        byte[] copy = new byte[length];
        bytes.get(at, copy);
        return new String(copy, StandardCharsets.ISO_8859_1);
    }

    private static ImageException corrupt(String what, String fault) {
        return new ImageException(ErrorKind.CORRUPT, "the footer of " + what + " " + fault + "; the blob is damaged");
    }
}
