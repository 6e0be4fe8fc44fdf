package io.lighterage.linux;

import java.nio.ByteBuffer;

/// The file-system calls a layer is applied with. Names are raw bytes without a terminating NUL.
///
/// Every call returns what the kernel returned: zero or more on success, `-errno` on failure (see [Errno]); nothing
/// is thrown for a failing call, since callers expect many of them (`EEXIST`, `ENOENT`). Descriptors are plain
/// integers and belong to the caller. Implementations are safe for use by several threads.
public interface FileCalls {
    /// `openat2(2)`; flags from [Flags], resolve from [Flags].
    int openat2(int directory, byte[] path, int flags, int mode, long resolve);

    int close(int descriptor);

    /// `write(2)` of the remaining bytes of a direct buffer, repeated until all are written; advances the buffer.
    long write(int descriptor, ByteBuffer source);

    /// `pwrite(2)`, as [#write] but at an offset.
    long pwrite(int descriptor, ByteBuffer source, long offset);

    int ftruncate(int descriptor, long length);

    int mkdirat(int directory, byte[] name, int mode);

    /// `mknodat(2)`; `mode` holds the `S_IF` bits.
    int mknodat(int directory, byte[] name, int mode, int major, int minor);

    int symlinkat(byte[] target, int directory, byte[] name);

    /// `linkat(2)` without following the last component of the source.
    int linkat(int fromDirectory, byte[] fromName, int toDirectory, byte[] toName);

    /// `unlinkat(2)`; flags 0 or [Flags#AT_REMOVEDIR].
    int unlinkat(int directory, byte[] name, int flags);

    int renameat(int fromDirectory, byte[] fromName, int toDirectory, byte[] toName);

    int fchown(int descriptor, int uid, int gid);

    /// `fchownat(2)`; pass [Flags#AT_SYMLINK_NOFOLLOW].
    int fchownat(int directory, byte[] name, int uid, int gid, int flags);

    int fchmod(int descriptor, int mode);

    /// `fchmodat(2)`; follows symlinks, so never call it on one.
    int fchmodat(int directory, byte[] name, int mode);

    /// Sets access and modification time of an open file. Seconds may be negative; nanoseconds are 0..999,999,999.
    int futimens(int descriptor, long accessSeconds, int accessNanos, long modifySeconds, int modifyNanos);

    /// As [#futimens] for a name in a directory, never following a symlink.
    int utimensat(int directory, byte[] name, long accessSeconds, int accessNanos, long modifySeconds, int modifyNanos);

    int fsetxattr(int descriptor, byte[] name, byte[] value);

    /// `lsetxattr(2)` on `name` in an open directory (through `/proc/self/fd`), never following a symlink.
    int setxattrat(int directory, byte[] name, byte[] attribute, byte[] value);

    /// Names of the attributes of `name` in an open directory, not following a symlink; empty when unsupported.
    java.util.List<byte[]> listxattrat(int directory, byte[] name);

    /// `lremovexattr(2)` on `name` in an open directory (through `/proc/self/fd`), never following a symlink.
    int removexattrat(int directory, byte[] name, byte[] attribute);

    /// Value of one attribute, or null when there is none.
    byte @org.jspecify.annotations.Nullable [] getxattrat(int directory, byte[] name, byte[] attribute);

    /// `statx(2)` of a name, not following a symlink; an empty name means the descriptor itself.
    /// Null when the name does not exist.
    ///
    /// @throws ErrnoException for every other failure
    @org.jspecify.annotations.Nullable
    FileStatus statx(int directory, byte[] name);

    /// Target of a symlink.
    ///
    /// @throws ErrnoException when it cannot be read
    byte[] readlinkat(int directory, byte[] name);

    /// Names in an open directory, without `.` and `..`, unordered.
    ///
    /// @throws ErrnoException when it cannot be read
    java.util.List<byte[]> list(int directory);

    int fsync(int descriptor);

    /// `syncfs(2)`: makes everything written to the file system of this descriptor durable.
    int syncfs(int descriptor);
}
