package io.lighterage.stargz.index;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;

/// The bytes of an index file, version 3. Little-endian; made to be mapped and read where it lies.
///
/// Header, 184 bytes:
///
/// | offset | length | field |
/// |---|---|---|
/// | 0 | 8 | magic `LtrIndex` |
/// | 8 | 32 | sha256 of everything behind this field |
/// | 40 | 4 | version |
/// | 44 | 4 | encoding: 0 none, 1 gzip members, 2 zstd frames |
/// | 48 | 1 + 7 | algorithm of the layer's digest: 1 sha256, 2 sha512; zeros |
/// | 56 | 64 | digest of the compressed blob, then zeros |
/// | 120 | 8 | bytes of the flat file, a multiple of 4096 |
/// | 128 | 8 | compressed bytes of all chunks |
/// | 136 | 8 | end of the prioritized range of the blob |
/// | 144 | 4 | inodes, the root included |
/// | 148 | 4 | files: regular ones that are not empty |
/// | 152 | 4 | directories, the root included |
/// | 156 | 4 | directory entries |
/// | 160 | 4 | chunks |
/// | 164 | 4 | bytes of names |
/// | 168 | 4 | bytes of texts |
/// | 172 | 4 | flags: 1 when any inode has extended attributes, 2 when any is a link below |
/// | 176 | 4 | prioritized chunks |
/// | 180 | 4 | zero |
///
/// Behind it lie, without gaps: inodes, directory entries, chunks, prioritized chunks, names, texts. Inode 0 is the
/// root; 1 to `files` are
/// the files in ascending flat offset; then the directories, parents before children; then everything else.
///
/// Inode, 48 bytes:
///
/// | offset | length | field |
/// |---|---|---|
/// | 0 | 2 | kind in the upper 4 bits, mode in the lower 12 |
/// | 2 | 1 + 1 | flags: 1 opaque, 2 implied, 4 marks only, 8 made anew, 16 group from below; zero |
/// | 4 | 4 + 4 | uid, gid |
/// | 12 | 4 | link count |
/// | 16 | 8 + 4 | modification time: seconds, nanoseconds |
/// | 28 | 4 | inode of a directory that holds it |
/// | 32 | 8 | size; or first entry (4) and number of entries (4) of a directory; or major (4) and minor (4) of a device
/// |
/// | 40 | 4 | flat offset / 4096 of a file; or where in the texts the target of a symlink is |
/// | 44 | 4 | 0, or 1 + where in the texts the extended attributes are |
///
/// Directory entry, 8 bytes: where in the names its name begins (4), inode (4). A name ends where the next one begins;
/// the entries of a directory are sorted by the unsigned bytes of their names.
///
/// Chunk, 56 bytes, in ascending flat offset:
///
/// | offset | length | field |
/// |---|---|---|
/// | 0 | 4 | uncompressed length |
/// | 4 | 4 | bytes to skip in the decompressed range |
/// | 8 | 8 | flat offset in the upper 40 bits, lower 24 bits of the range's length below |
/// | 16 | 8 | blob offset in the upper 40 bits, upper 16 bits of the range's length below, lowest 8 bits: 1 for a hole,
/// 2 for a prioritized chunk
/// |
/// | 24 | 32 | sha256 of the uncompressed bytes |
///
/// Prioritized chunk, 8 bytes, in ascending rank: chunk (4), rank (4), 1 or more.
///
/// Extended attributes in the texts: their number (2), then for each the lengths of name (2) and value (4), and
/// both.
final class IndexFormat {
    private IndexFormat() {}

    /// `LtrIndex` as a little-endian number.
    static final long MAGIC = 0x7865646e4972744cL;

    static final int VERSION = 3;

    static final int DIGEST = 8;
    static final int DIGEST_BYTES = 32;
    /// What the digest covers begins here.
    static final int COVERED = 40;

    static final int VERSION_AT = 40;
    static final int ENCODING = 44;
    static final int LAYER_ALGORITHM = 48;
    static final int LAYER_DIGEST = 56;
    static final int LAYER_DIGEST_BYTES = 64;
    static final int FLAT_SIZE = 120;
    static final int FETCH_SIZE = 128;
    static final int PREFETCH_END = 136;
    static final int INODES = 144;
    static final int FILES = 148;
    static final int DIRECTORIES = 152;
    static final int ENTRIES = 156;
    static final int CHUNKS = 160;
    static final int NAME_BYTES = 164;
    static final int TEXT_BYTES = 168;
    static final int FLAGS = 172;
    static final int PRIORITIES = 176;
    static final int HEADER = 184;

    static final int FLAG_XATTRS = 1;
    static final int FLAG_LINKS_BELOW = 2;

    static final int INODE = 48;
    static final int INODE_FLAGS = 2;
    static final int INODE_UID = 4;
    static final int INODE_GID = 8;
    static final int INODE_LINKS = 12;
    static final int INODE_SECONDS = 16;
    static final int INODE_NANOS = 24;
    static final int INODE_PARENT = 28;
    static final int INODE_SIZE = 32;
    static final int INODE_FIRST = 32;
    static final int INODE_COUNT = 36;
    static final int INODE_PLACE = 40;
    static final int INODE_XATTRS = 44;

    static final int FLAG_OPAQUE = 1;
    static final int FLAG_IMPLIED = 2;
    static final int FLAG_MARKS_ONLY = 4;
    static final int FLAG_ANEW = 8;
    static final int FLAG_GROUP_BELOW = 16;

    static final int ENTRY = 8;
    static final int ENTRY_INODE = 4;

    static final int CHUNK = 56;
    static final int CHUNK_INNER = 4;
    static final int CHUNK_FLAT = 8;
    static final int CHUNK_BLOB = 16;
    static final int CHUNK_DIGEST = 24;
    static final int CHUNK_HOLE = 1;
    static final int CHUNK_PRIORITIZED = 2;

    static final int PRIORITY = 8;
    static final int PRIORITY_RANK = 4;

    /// Files begin on pages, so that the kernel can map the flat file.
    static final int PAGE_BITS = 12;

    static final int PAGE = 1 << PAGE_BITS;

    /// Offsets have 40 bits: no layer comes near 1 TiB, and [io.lighterage.stargz.compress.DecompressionLimits] draws
    /// the same line.
    static final long MAX_OFFSET = 1L << 40;

    /// `NAME_MAX` of Linux.
    static final int MAX_NAME = 255;

    /// `PATH_MAX` of Linux less its NUL.
    static final int MAX_PATH = 4095;

    /// Where one range of the blob lies, packed as bytes 8 to 23 of a chunk's record.
    static long flatWord(long flatOffset, long rangeLength) {
        return flatOffset << 24 | (rangeLength & 0xffffff);
    }

    static long blobWord(long blobOffset, long rangeLength, int flags) {
        return blobOffset << 24 | rangeLength >>> 24 << 8 | flags;
    }

    static long upper40(long word) {
        return word >>> 24;
    }

    static long rangeLength(long flatWord, long blobWord) {
        return (blobWord >>> 8 & 0xffff) << 24 | (flatWord & 0xffffff);
    }

    /// @throws ImageException CORRUPT
    static LayerIndex.Kind kind(int code) {
        return switch (code) {
            case 1 -> LayerIndex.Kind.REGULAR;
            case 2 -> LayerIndex.Kind.DIRECTORY;
            case 3 -> LayerIndex.Kind.SYMLINK;
            case 4 -> LayerIndex.Kind.CHARACTER_DEVICE;
            case 5 -> LayerIndex.Kind.BLOCK_DEVICE;
            case 6 -> LayerIndex.Kind.FIFO;
            case 7 -> LayerIndex.Kind.WHITEOUT;
            case 8 -> LayerIndex.Kind.LINK_BELOW;
            default -> throw new ImageException(ErrorKind.CORRUPT, "an index has an inode of kind " + code);
        };
    }

    static int code(LayerIndex.Kind kind) {
        return switch (kind) {
            case REGULAR -> 1;
            case DIRECTORY -> 2;
            case SYMLINK -> 3;
            case CHARACTER_DEVICE -> 4;
            case BLOCK_DEVICE -> 5;
            case FIFO -> 6;
            case WHITEOUT -> 7;
            case LINK_BELOW -> 8;
        };
    }
}
