package io.lighterage.remotesnapshotter.mount;

/// What `stat(2)` tells of one node of a tree.
///
/// @param number inode number, the same for all names of a hard-linked file and in every mount of the image
/// @param mode type and permission bits
/// @param links names of a file that can be seen; of a directory, two and its directories
/// @param size bytes of a regular file or of a symlink's target, else 0
/// @param modifySeconds seconds since the epoch, may be negative
/// @param modifyNanos 0..999,999,999
/// @param major of a device node
/// @param minor of a device node
public record NodeStatus(
        long number,
        int mode,
        int links,
        long uid,
        long gid,
        long size,
        long modifySeconds,
        int modifyNanos,
        int major,
        int minor) {}
