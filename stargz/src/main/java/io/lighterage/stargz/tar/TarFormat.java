package io.lighterage.stargz.tar;

/// The bytes of a tar stream (POSIX.1-2001 `pax`, GNU tar, star), and how much of it a reader puts up with.
///
/// A stream is 512-byte blocks: a header, then its payload padded to whole blocks, and so on; two zero blocks end it.
///
/// | offset | length | field | |
/// |---|---|---|---|
/// | 0 | 100 | name | ends at the first NUL |
/// | 100 | 8 | mode | number |
/// | 108 | 8 | uid | number |
/// | 116 | 8 | gid | number |
/// | 124 | 12 | size | number: bytes stored after the header |
/// | 136 | 12 | mtime | number, seconds |
/// | 148 | 8 | checksum | octal sum of all 512 bytes, these counted as spaces |
/// | 156 | 1 | type | see the `TYPE_` constants |
/// | 157 | 100 | linkname | |
/// | 257 | 6 | magic | `ustar\0` (POSIX), `ustar ` (GNU), else the seventh edition's |
/// | 263 | 2 | version | `00`, or ` \0` (GNU) |
/// | 265 | 32 | uname | not used: ids decide |
/// | 297 | 32 | gname | not used |
/// | 329 | 8 | devmajor | number |
/// | 337 | 8 | devminor | number |
/// | 345 | 155 | prefix | POSIX: stands before name, joined by `/`; star: only 131 bytes, with `tar\0` at 508 |
/// | 345 | 12 + 12 | atime, ctime | GNU |
/// | 386 | 4 × 24 | sparse map | GNU type `S`: pairs of offset and length |
/// | 482 | 1 | extended | GNU type `S`: not zero when a block of 21 more pairs follows, flag at 504 |
/// | 483 | 12 | real size | GNU type `S`: length with the holes |
///
/// A number is octal digits ended by space or NUL, or, when the first byte has bit 7, big-endian two's complement of
/// the remaining bits (base-256).
///
/// A PAX extended header (type `x`) has a payload of records `length key=value\n` for the next entry; `length` is
/// decimal and counts the whole record. GNU types `L` and `K` hold the next entry's name and link name.
public final class TarFormat {
    private TarFormat() {}

    /// Bytes of a block.
    public static final int BLOCK = 512;

    static final int NAME = 0;
    static final int NAME_LENGTH = 100;
    static final int MODE = 100;
    static final int UID = 108;
    static final int GID = 116;
    static final int ID_LENGTH = 8;
    static final int SIZE = 124;
    static final int MTIME = 136;
    static final int LONG_LENGTH = 12;
    static final int CHECKSUM = 148;
    static final int CHECKSUM_LENGTH = 8;
    static final int TYPE = 156;
    static final int LINK_NAME = 157;
    static final int MAGIC = 257;
    static final int VERSION = 263;
    static final int DEVICE_MAJOR = 329;
    static final int DEVICE_MINOR = 337;
    static final int PREFIX = 345;
    static final int PREFIX_LENGTH = 155;
    static final int STAR_PREFIX_LENGTH = 131;
    static final int STAR_TRAILER = 508;
    static final int GNU_ATIME = 345;
    static final int GNU_CTIME = 357;
    static final int GNU_SPARSE = 386;
    static final int GNU_SPARSE_PAIRS = 4;
    static final int GNU_EXTENDED = 482;
    static final int GNU_REAL_SIZE = 483;
    static final int GNU_MORE_PAIRS = 21;
    static final int GNU_MORE_EXTENDED = 504;
    static final int GNU_PAIR = 24;

    static final byte TYPE_REGULAR_OLD = 0;
    static final byte TYPE_REGULAR = '0';
    static final byte TYPE_HARD_LINK = '1';
    static final byte TYPE_SYMLINK = '2';
    static final byte TYPE_CHARACTER = '3';
    static final byte TYPE_BLOCK = '4';
    static final byte TYPE_DIRECTORY = '5';
    static final byte TYPE_FIFO = '6';
    static final byte TYPE_CONTIGUOUS = '7';
    static final byte TYPE_PAX = 'x';
    static final byte TYPE_PAX_GLOBAL = 'g';
    static final byte TYPE_GNU_NAME = 'L';
    static final byte TYPE_GNU_LINK = 'K';
    static final byte TYPE_GNU_SPARSE = 'S';
    static final byte TYPE_GNU_VOLUME = 'V';

    /// Largest payload of an extended header in bytes. Linux bounds a file's attributes to 64 KiB a value and a path
    /// to 4 KiB; 1 MiB holds all that a real file carries, and Go's readers draw the same line.
    public static final int MAX_EXTENDED_HEADER = 1 << 20;

    /// Most data segments of one sparse file; as many as Go's readers accept in a map of 1 MiB, roughly.
    public static final int MAX_SPARSE_SEGMENTS = 1 << 16;

    /// Most entries of one layer; the largest layers seen have some 300,000.
    public static final int MAX_ENTRIES = 1_000_000;

    /// Largest uid and gid; 2^32-1 means "leave as is" to the kernel and so cannot be an owner.
    public static final long MAX_ID = (1L << 32) - 2;

    /// Largest device number part that a header may carry: the kernel's major and minor are 32 bits at the edge.
    public static final long MAX_DEVICE = (1L << 32) - 1;
}
