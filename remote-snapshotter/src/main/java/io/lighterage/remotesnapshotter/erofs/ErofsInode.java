package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Flags;

/// What an image says of one inode besides its names and extended attributes.
///
/// @param mode type and permission bits
/// @param links names it has; of a directory, two and its directories
/// @param uid owner, 32 bits
/// @param gid group, 32 bits
/// @param size bytes of a regular file or of a symlink's target, else 0
/// @param modifySeconds seconds since the epoch, may be negative
/// @param modifyNanos 0..999,999,999
/// @param body where its bytes are, or which device it stands for
public record ErofsInode(
        int mode, long links, long uid, long gid, long size, long modifySeconds, int modifyNanos, Body body) {
    /// 12 bits of major and 20 of minor number are what Linux has.
    private static final int MAX_MAJOR = 0xfff;

    private static final int MAX_MINOR = 0xfffff;
    private static final long MAX_32 = 0xffffffffL;
    private static final int SECOND = 1_000_000_000;

    /// What an inode has besides its attributes.
    public sealed interface Body {}

    /// Names, a symlink's target, or nothing.
    public record Inside() implements Body {}

    /// The bytes of a regular file that is not empty, in one piece.
    ///
    /// @param device position in [ErofsTree#devices]
    /// @param offset where they begin there, a multiple of 4096
    public record Extent(int device, long offset) implements Body {
        public Extent {
            if (device < 0 || offset < 0 || offset % ErofsFormat.BLOCK != 0) {
                throw new ImageException(
                        ErrorKind.INVALID, "no file of an EROFS image begins at " + offset + " of device " + device);
            }
        }
    }

    /// What a device node stands for; 0:0 of a character device is overlayfs' mark of a hidden name.
    public record Node(int major, int minor) implements Body {
        public Node {
            if (major < 0 || major > MAX_MAJOR || minor < 0 || minor > MAX_MINOR) {
                throw new ImageException(ErrorKind.INVALID, "there is no device " + major + ":" + minor + " in Linux");
            }
        }
    }

    public static final Body INSIDE = new Inside();

    public ErofsInode {
        require(links >= 1 && links <= MAX_32, "links", links);
        require(uid >= 0 && uid <= MAX_32, "owner", uid);
        require(gid >= 0 && gid <= MAX_32, "group", gid);
        require(modifyNanos >= 0 && modifyNanos < SECOND, "nanoseconds", modifyNanos);
        require(size >= 0, "size", size);
        require(mode >>> 16 == 0 && fits(mode & Flags.S_IFMT, size, body), "body " + body + ", mode", mode);
    }

    private static boolean fits(int type, long size, Body body) {
        return switch (type) {
            case Flags.S_IFREG -> size > 0 ? body instanceof Extent : body instanceof Inside;
            case Flags.S_IFCHR, Flags.S_IFBLK -> body instanceof Node && size == 0;
            case Flags.S_IFLNK -> body instanceof Inside && size > 0;
            case Flags.S_IFDIR, Flags.S_IFIFO, Flags.S_IFSOCK -> body instanceof Inside && size == 0;
            default -> false;
        };
    }

    private static void require(boolean holds, String field, long value) {
        if (!holds) {
            throw new ImageException(ErrorKind.INVALID, "no inode of an EROFS image has " + field + " " + value);
        }
    }

    boolean isDirectory() {
        return (mode & Flags.S_IFMT) == Flags.S_IFDIR;
    }

    boolean isSymlink() {
        return (mode & Flags.S_IFMT) == Flags.S_IFLNK;
    }
}
