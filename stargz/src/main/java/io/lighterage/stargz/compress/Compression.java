package io.lighterage.stargz.compress;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// How a layer's bytes are compressed, found from the bytes themselves; media types are hints that lie.
///
/// | compression | first bytes |
/// |---|---|
/// | gzip (RFC 1952) | `1f 8b 08` |
/// | zstd (RFC 8878) | `28 b5 2f fd`, or a skippable frame `50..5f 2a 4d 18` |
/// | none | anything else that is not a compression we know and do not read |
public enum Compression {
    GZIP,
    ZSTD,
    NONE;

    /// As many leading bytes as [#sniff] looks at.
    public static final int SNIFF_BYTES = 10;

    private static final int GZIP_MAGIC = 0x1f8b08;
    private static final int ZSTD_MAGIC = 0x28b52ffd;
    private static final int SKIPPABLE_MAGIC = 0x502a4d18;
    private static final int SKIPPABLE_MASK = 0xf0ffffff;

    /// Magic numbers of what registries hold now and then but OCI layers may not be, longest first. The bzip2 ones
    /// include the first block's number, since a plain tar may well begin with a file called `BZh`.
    private static final List<Foreign> FOREIGN = List.of(
            new Foreign("xz", "\u00fd7zXZ\0"),
            new Foreign("lzip", "LZIP\u0001"),
            new Foreign("lz4", "\u0004\"M\u0018"),
            new Foreign("lz4 (legacy frame)", "\u0002!L\u0018"),
            new Foreign("compress (.Z)", "\u001f\u009d"));

    private static final String BZIP2_BLOCK = "1AY&SY";
    private static final String BZIP2_END = "\u0017rE8P\u0090";

    /// Names the compression of the blob that begins with the remaining bytes of `head`, which is left as it was.
    /// A blob shorter than [#SNIFF_BYTES] is given whole.
    ///
    /// @throws ImageException UNSUPPORTED for xz, bzip2, lz4, lzip and compress, naming which
    public static Compression sniff(ByteBuffer head) {
        if (head.remaining() >= 3 && bigEndian(head, 3) == GZIP_MAGIC) {
            return GZIP;
        }
        if (head.remaining() >= 4) {
            int magic = bigEndian(head, 4);
            if (magic == ZSTD_MAGIC || (magic & SKIPPABLE_MASK) == SKIPPABLE_MAGIC) {
                return ZSTD;
            }
        }
        for (Foreign foreign : FOREIGN) {
            if (startsWith(head, 0, foreign.magic())) {
                throw unsupported(foreign.name());
            }
        }
        if (startsWith(head, 0, "BZh") && (startsWith(head, 4, BZIP2_BLOCK) || startsWith(head, 4, BZIP2_END))) {
            throw unsupported("bzip2");
        }
        return NONE;
    }

    private static ImageException unsupported(String found) {
        return new ImageException(
                ErrorKind.UNSUPPORTED,
                "the layer is compressed with " + found
                        + "; layers are gzip, zstd or not compressed. Convert the image with a tool that reads it");
    }

    private static int bigEndian(ByteBuffer head, int count) {
        int value = 0;
        for (int i = 0; i < count; i++) {
            value = value << 8 | (head.get(head.position() + i) & 0xff);
        }
        return value;
    }

    private static boolean startsWith(ByteBuffer head, int skip, String latin1) {
        byte[] wanted = latin1.getBytes(StandardCharsets.ISO_8859_1);
        if (head.remaining() < skip + wanted.length) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if (head.get(head.position() + skip + i) != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    private record Foreign(String name, String magic) {}
}
