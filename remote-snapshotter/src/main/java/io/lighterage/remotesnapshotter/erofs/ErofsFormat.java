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
/// | 80 | 4 | incompatible features: 8 there are device slots |
/// | 86 | 2 | device slots |
/// | 88 | 2 | where they begin, in units of 128 bytes |
///
/// Device slot, 128 bytes: tag (64), blocks (4), number of its first block (4), zeros. One space of block
/// numbers holds this file from 0, then one device after another; the kernel finds by the number what
/// device a block is on.
///
/// Inode, 64 bytes at 32 times its number:
///
/// | offset | length | field |
/// |---|---|---|
/// | 0 | 2 | 1 for 64 bytes; and 0 when all of its bytes are in blocks, 4 when the last are behind the inode |
/// | 2 | 2 | 0, or length of its extended attributes / 4 - 2 |
/// | 4 | 2 + 2 | mode; zero |
/// | 8 | 8 | size |
/// | 16 | 4 | first block; or of a device node, minor in bits 0-7 and 20-31, major in bits 8-19 |
/// | 20 | 4 | counted from 1: what 32-bit `stat(2)` shows |
/// | 24 | 4 + 4 | uid, gid |
/// | 32 | 8 + 4 | modification time: seconds, nanoseconds |
/// | 44 | 4 | links |
/// | 48 | 16 | zeros |
///
/// Extended attributes: 12 zeros, then for each the length of its name without the prefix (1), the number
/// of the prefix (1, see [XattrNames]), the length of the value (2), name, value, zeros to a multiple of 4.
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

    static final int VERSION = 1;
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
    static final int HAS_DEVICES = 8;

    static final int SLOTS = SUPERBLOCK + SUPERBLOCK_BYTES;
    static final int SLOT_BYTES = 128;
    static final int SLOT_TAG_BYTES = 64;
    static final int SLOT_BLOCKS = 64;
    static final int SLOT_FIRST = 68;

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
    static final int LAYOUT_SHIFT = 1;

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

    /// Most inodes of a tree, those that no name leads to included: a plan takes 13 bytes for each, and a
    /// layer has at most 10^6.
    static final int MAX_INODES = 1 << 24;

    /// Longest image. Real ones have 100 bytes an inode; attributes that an index has once, and an image
    /// for each file, could make a small layer a very large image.
    static final long MAX_BYTES = 2L << 30;

    /// How the kernel packs a device number (`new_encode_dev`).
    static int device(int major, int minor) {
        return (minor & 0xff) | major << 8 | (minor & ~0xff) << 12;
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
