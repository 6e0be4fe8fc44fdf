package io.lighterage.linux;

/// Flags of `mount(2)` and `umount2(2)` and the magic numbers `statfs(2)` tells file systems by (`linux/magic.h`).
public final class MountFlags {
    public static final long MS_RDONLY = 1;
    public static final long MS_NOSUID = 1 << 1;
    public static final long MS_NODEV = 1 << 2;
    public static final long MS_NOEXEC = 1 << 3;
    public static final long MS_REMOUNT = 1 << 5;
    public static final long MS_NOATIME = 1 << 10;
    public static final long MS_BIND = 1 << 12;
    public static final long MS_REC = 1 << 14;
    public static final long MS_PRIVATE = 1 << 18;
    public static final long MS_SLAVE = 1 << 19;

    public static final int MNT_FORCE = 1;
    public static final int MNT_DETACH = 1 << 1;
    public static final int UMOUNT_NOFOLLOW = 1 << 3;

    public static final long OVERLAYFS_SUPER_MAGIC = 0x794c7630L;
    public static final long EROFS_SUPER_MAGIC = 0xe0f5e1e2L;
    public static final long FUSE_SUPER_MAGIC = 0x65735546L;
    public static final long TMPFS_MAGIC = 0x01021994L;
    public static final long EXT4_SUPER_MAGIC = 0xef53L;
    public static final long XFS_SUPER_MAGIC = 0x58465342L;
    public static final long BTRFS_SUPER_MAGIC = 0x9123683eL;
    public static final long NFS_SUPER_MAGIC = 0x6969L;

    private MountFlags() {}
}
