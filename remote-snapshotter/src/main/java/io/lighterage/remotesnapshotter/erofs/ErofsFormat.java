package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.linux.Flags;

/// The bytes of an image, which Linux mounts as EROFS (`fs/erofs/erofs_fs.h`). Little-endian, blocks of
/// 4096 bytes; in this order:
///
/// | part | what |
/// |---|---|
/// | header, whole blocks | boot area, superblock, device slots |
/// | inodes | each with its extended attributes and the end of what it holds |
/// | blocks | of directories, and of symlinks whose target does not fit behind the inode |
///
/// Boot area, 1024 bytes that EROFS leaves to others:
///
/// | offset | length | field |
/// |---|---|---|
/// | 0 | 8 | magic `LtrErofs` |
/// | 8 | 32 | sha256 of everything behind this field, to the end of the file |
/// | 40 | 4 | version of this layout |
/// | 44 | 4 + 140 | length and text of the tree's identity, a digest |
///
/// Superblock, 128 bytes at 1024; what is not named is 0:
///
/// | offset | length | field |
/// |---|---|---|
/// | 0 | 4 | magic E0F5E1E2 |
/// | 4 | 4 | crc32c of 1024 to the end of the block, this field 0, without the final inversion |
/// | 8 | 4 | compatible features: 1 there is a checksum, 2 times are modification times |
/// | 12 | 1 | 12: binary logarithm of the block size |
/// | 14 | 2 | number of the root inode |
/// | 16 | 8 | inodes |
/// | 36 | 4 | blocks of this file |
/// | 40 | 4 | block that inodes are counted from: 0 |
/// | 48 | 16 | UUID: the beginning of the sha256 of the identity |
/// | 80 | 4 | incompatible features: 4 there are files in chunks, 8 there are device slots |
/// | 86 | 2 | device slots |
/// | 88 | 2 | where they begin, in units of 128 bytes |
///
/// Device slot, 128 bytes: tag (64), blocks (4), zeros. Block numbers count from 0 in this file and in each device:
/// were there one space of numbers for all, the kernel would ask a device for each page by itself.
///
/// Inode, 64 bytes at 32 times its number:
///
/// | offset | length | field |
/// |---|---|---|
/// | 0 | 2 | 1 for 64 bytes, and where its bytes are: 0 in blocks, 4 the last of them behind it, 8 on a device |
/// | 2 | 2 | 0, or length of its extended attributes / 4 - 2 |
/// | 4 | 2 + 2 | mode; zero |
/// | 8 | 8 | size |
/// | 16 | 4 | first block, chunk size or device number |
/// | 20 | 4 | counted from 1: what 32-bit `stat(2)` shows |
/// | 24 | 4 + 4 | uid, gid |
/// | 32 | 8 + 4 | modification time: seconds, nanoseconds |
/// | 44 | 4 | links |
/// | 48 | 16 | zeros |
///
/// A device number is minor in bits 0-7 and 20-31, major in bits 8-19. The chunk size of a file on a device is 32 plus
/// the binary logarithm of its blocks, rounded up.
///
/// Extended attributes: 12 zeros, then for each the length of its name without the prefix (1), the number
/// of the prefix (1, see [XattrNames]), the length of the value (2), name, value, zeros to a multiple of 4.
///
/// A file on a device has one chunk, which is told behind the inode and its attributes, at a multiple of 8: zero (2),
/// the device counted from 1 (2), its first block there (4).
///
/// Directories are blocks of entries of 12 bytes, and their names behind them: number of the inode (8),
/// where in the block the name begins (2), type (1), zero (1). Sorted by unsigned bytes over the whole
/// directory, `.` and `..` included. A name ends where the next one begins, the last one at a NUL or the
/// end of the block.
final class ErofsFormat {
    private ErofsFormat() {}

    static final int BLOCK_BITS = 12;
    static final int BLOCK = 1 << BLOCK_BITS;

    /// Block numbers have 32 bits, of which all ones mean none.
    static final long MAX_BLOCKS = 0xfffffffeL;

    /// `LtrErofs` as a little-endian number.
    static final long BOOT_MAGIC = 0x73666f724572744cL;

    static final int VERSION = 2;
    static final int BOOT_DIGEST = 8;
    static final int DIGEST_BYTES = 32;
    /// What the digest covers begins here.
    static final int COVERED = 40;
    static final int BOOT_VERSION = 40;
    static final int BOOT_IDENTITY = 44;
    static final int IDENTITY_BYTES = 140;

    static final int SUPERBLOCK = 1024;
    static final int SUPERBLOCK_BYTES = 128;
    static final int MAGIC = 0xe0f5e1e2;
    static final int SB_CHECKSUM = SUPERBLOCK + 4;
    static final int SB_COMPATIBLE = SUPERBLOCK + 8;
    static final int SB_BLOCK_BITS = SUPERBLOCK + 12;
    static final int SB_ROOT = SUPERBLOCK + 14;
    static final int SB_INODES = SUPERBLOCK + 16;
    static final int SB_BLOCKS = SUPERBLOCK + 36;
    static final int SB_UUID = SUPERBLOCK + 48;
    static final int UUID_BYTES = 16;
    static final int SB_INCOMPATIBLE = SUPERBLOCK + 80;
    static final int SB_DEVICES = SUPERBLOCK + 86;
    static final int SB_SLOTS_AT = SUPERBLOCK + 88;
    static final int HAS_CHECKSUM = 1;
    static final int MODIFICATION_TIMES = 2;
    static final int HAS_CHUNKS = 4;
    static final int HAS_DEVICES = 8;

    static final int SLOTS = SUPERBLOCK + SUPERBLOCK_BYTES;
    static final int SLOT_BYTES = 128;
    static final int SLOT_TAG_BYTES = 64;
    static final int SLOT_BLOCKS = 64;

    /// As many as an image of containerd may have layers, and more. With them the header has 3 % of the
    /// bytes that the number of the root, of 16 bits, reaches.
    static final int MAX_DEVICES = 512;

    static final int INODE_BYTES = 64;
    /// Inodes are numbered by where they are in units of these.
    static final int SLOT_BITS = 5;
    static final int INODE_UNIT = 1 << SLOT_BITS;
    static final int LONG_INODE = 1;
    static final int PLAIN = 0;
    static final int WITH_TAIL = 2;
    static final int IN_CHUNKS = 4;
    static final int LAYOUT_SHIFT = 1;

    /// Where a file's one chunk is.
    static final int CHUNK_BYTES = 8;

    /// In what an inode says of its chunks: each is told with its device.
    static final int CHUNKS_HAVE_DEVICES = 32;

    /// Bits that say how large a chunk is, so that a file can have 2^31 blocks: half as many as a device.
    private static final int MAX_CHUNK_BITS = 31;

    static final long MAX_FILE = (1L << MAX_CHUNK_BITS) * BLOCK;

    static final int XATTR_HEADER = 12;
    static final int XATTR_ENTRY = 4;
    static final int XATTR_UNIT = 4;

    static final int DIRENT = 12;

    /// `NAME_MAX` of Linux.
    static final int MAX_NAME = 255;

    /// `PATH_MAX` of Linux less its NUL.
    static final int MAX_TARGET = 4095;

    /// An inode with all that lies behind it, when that is the end of what it holds: together they must not
    /// cross a block, and where they are longer than this, the room left before them wastes more than a
    /// block of its own.
    static final int MAX_WITH_TAIL = 3072;

    /// Most inodes of a tree, those that no name leads to included: a plan takes 17 bytes for each, and a
    /// layer has at most 10^6.
    static final int MAX_INODES = 1 << 24;

    /// Longest image. Real ones have 100 bytes an inode; attributes that an index has once, and an image
    /// for each file, could make a small layer a very large image.
    static final long MAX_BYTES = 2L << 30;

    /// How the kernel packs a device number (`new_encode_dev`).
    static int device(int major, int minor) {
        return (minor & 0xff) | major << 8 | (minor & ~0xff) << 12;
    }

    /// The binary logarithm of the blocks of a chunk that a file of that size fits into.
    static int chunkBits(long size) {
        return Long.SIZE - Long.numberOfLeadingZeros(blocks(size) - 1);
    }

    /// The type of a directory entry.
    static int entryType(int mode) {
        return switch (mode & Flags.S_IFMT) {
            case Flags.S_IFREG -> 1;
            case Flags.S_IFDIR -> 2;
            case Flags.S_IFCHR -> 3;
            case Flags.S_IFBLK -> 4;
            case Flags.S_IFIFO -> 5;
            case Flags.S_IFSOCK -> 6;
            case Flags.S_IFLNK -> 7;
            default -> throw new IllegalArgumentException("no file has mode " + Integer.toOctalString(mode));
        };
    }

    static long roundUp(long bytes, int unit) {
        return (bytes + unit - 1) / unit * unit;
    }

    static long blocks(long bytes) {
        return roundUp(bytes, BLOCK) >>> BLOCK_BITS;
    }
}
