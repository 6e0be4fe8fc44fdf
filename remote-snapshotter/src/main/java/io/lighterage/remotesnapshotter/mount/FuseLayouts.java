package io.lighterage.remotesnapshotter.mount;

import io.lighterage.linux.Flags;
import java.nio.ByteBuffer;

/// The C structures that libfuse 2.9 passes on Linux, 64 bits wide.
///
/// | structure | field | x86_64 | aarch64 |
/// |---|---|--:|--:|
/// | `stat` | `st_ino` 8 bytes | 8 | 8 |
/// | | `st_nlink` | 16 (8 bytes) | 20 (4 bytes) |
/// | | `st_mode` 4 | 24 | 16 |
/// | | `st_uid`, `st_gid` 4 | 28, 32 | 24, 28 |
/// | | `st_rdev` 8 | 40 | 32 |
/// | | `st_size` 8 | 48 | 48 |
/// | | `st_blksize` 4 or 8 | 56 | 56 |
/// | | `st_blocks` 8, of 512 bytes | 64 | 64 |
/// | | `st_atim`, `st_mtim`, `st_ctim` 8 + 8 | 72, 88, 104 | 72, 88, 104 |
/// | `statvfs` | `f_bsize`, `f_frsize`, `f_blocks` 8 | 0, 8, 16 | same |
/// | | `f_files` 8 | 40 | same |
/// | | `f_namemax` 8 | 80 | same |
/// | `fuse_file_info` | `flags` 4 | 0 | same |
/// | | `fh` 8 | 24 | same |
/// | `fuse_context` | `pid` 4 | 16 | same |
/// | `fuse_buf` | `size` 8, `flags` 4, `mem` 8, `fd` 4, `pos` 8 | 0, 8, 16, 24, 32 | same |
final class FuseLayouts {
    private static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");

    static final int STAT_BYTES = 144;
    private static final int LINKS = ARM ? 20 : 16;
    private static final int MODE = ARM ? 16 : 24;
    private static final int UID = ARM ? 24 : 28;
    private static final int GID = ARM ? 28 : 32;
    private static final int DEVICE = ARM ? 32 : 40;
    private static final int ACCESS_TIME = 72;
    private static final int MODIFY_TIME = 88;
    private static final int CHANGE_TIME = 104;

    static final int STATVFS_BYTES = 112;
    static final int FILE_INFO_BYTES = 40;
    static final int FILE_INFO_HANDLE = 24;
    static final int CONTEXT_BYTES = 24;
    static final int CONTEXT_PID = 16;

    static final int BUFFER_BYTES = 40;
    static final int BUFFER_MEMORY = 16;
    static final int BUFFER_DESCRIPTOR = 24;
    static final int BUFFER_POSITION = 32;

    /// What files are read in by; `st_blksize` and the unit of `statvfs`.
    private static final int BLOCK = 4096;

    private FuseLayouts() {}

    /// Fills a zeroed `struct stat`.
    static void putStat(ByteBuffer stat, NodeStatus status) {
        stat.putLong(8, status.number());
        stat.putInt(LINKS, status.links());
        stat.putInt(MODE, status.mode());
        stat.putInt(UID, (int) status.uid());
        stat.putInt(GID, (int) status.gid());
        stat.putLong(DEVICE, device(status.major(), status.minor()));
        boolean directory = (status.mode() & Flags.S_IFMT) == Flags.S_IFDIR;
        stat.putLong(48, directory ? BLOCK : status.size());
        stat.putInt(56, BLOCK);
        stat.putLong(64, (status.size() + 511) / 512);
        for (int at : new int[] {ACCESS_TIME, MODIFY_TIME, CHANGE_TIME}) {
            stat.putLong(at, status.modifySeconds());
            stat.putLong(at + 8, status.modifyNanos());
        }
    }

    /// Fills what a directory entry tells: its number and its type.
    static void putEntry(ByteBuffer stat, long number, int type) {
        stat.putLong(8, number);
        stat.putInt(MODE, type);
    }

    /// `dev_t` of glibc, whose lower 32 bits are also what the kernel's `new_decode_dev` takes.
    static long device(int major, int minor) {
        return (major & 0xfffL) << 8 | (minor & 0xffL) | (minor & 0xfff00L) << 12;
    }

    /// Fills a zeroed `struct statvfs` of a full, read-only file system.
    static void putSpace(ByteBuffer space, long bytes, long inodes) {
        space.putLong(0, BLOCK);
        space.putLong(8, BLOCK);
        space.putLong(16, (bytes + BLOCK - 1) / BLOCK);
        space.putLong(40, inodes);
        space.putLong(80, 255);
    }
}
