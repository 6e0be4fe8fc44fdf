package io.lighterage.linux;

/// What `statx(2)` says of one file.
///
/// @param mode type and permission bits
/// @param inode inode number, unique with the device
/// @param links hard link count
/// @param uid owner
/// @param gid group
/// @param size bytes
/// @param blocks 512-byte blocks in use
/// @param modifySeconds seconds since the epoch, may be negative
/// @param modifyNanos 0..999,999,999
/// @param deviceMajor major of the device the file is on
/// @param deviceMinor minor of the device the file is on
/// @param targetMajor major of a device node
/// @param targetMinor minor of a device node
public record FileStatus(
        int mode,
        long inode,
        int links,
        int uid,
        int gid,
        long size,
        long blocks,
        long modifySeconds,
        int modifyNanos,
        int deviceMajor,
        int deviceMinor,
        int targetMajor,
        int targetMinor) {

    public boolean isDirectory() {
        return (mode & Flags.S_IFMT) == Flags.S_IFDIR;
    }

    public boolean isRegular() {
        return (mode & Flags.S_IFMT) == Flags.S_IFREG;
    }

    public boolean isSymlink() {
        return (mode & Flags.S_IFMT) == Flags.S_IFLNK;
    }
}
