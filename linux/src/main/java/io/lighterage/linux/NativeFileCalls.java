package io.lighterage.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// [FileCalls] as the running kernel answers them. Stateless; argument memory is each thread's own.
///
/// A name with a NUL byte is refused with [IllegalArgumentException] before any call is made.
public final class NativeFileCalls implements FileCalls {
    private static final int HOW_BYTES = 24;
    private static final int STATX_BASIC_STATS = 0x7ff;

    /// The kernel answers `EAGAIN` to a scoped lookup through `..` when any rename of the whole system ran at the
    /// same moment. Layers are applied in parallel, so that happens; it does not happen a hundred times in a row
    /// unless somebody is attacking the tree.
    private static final int OPEN_ATTEMPTS = 100;

    /// 32 KiB is what libc's `readdir` asks for.
    private static final int LIST_BYTES = 32 << 10;

    /// `PATH_MAX`; no symlink is longer.
    private static final int LINK_BYTES = 4096;

    private static final byte[] HERE = {'.'};

    @Override
    public int openat2(int directory, byte[] path, int flags, int mode, long resolve) {
        Scratch s = Scratch.ofThread();
        long name = s.first.name(path);
        s.struct.set(JAVA_LONG, 0, Integer.toUnsignedLong(flags));
        s.struct.set(JAVA_LONG, 8, Integer.toUnsignedLong(mode));
        s.struct.set(JAVA_LONG, 16, resolve);
        long how = s.struct.address();
        long result = 0;
        for (int attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
            result = Kernel.call(s, CallNumbers.OPENAT2, directory, name, how, HOW_BYTES);
            if (result != -Errno.EAGAIN || resolve == 0) {
                break;
            }
        }
        return (int) result;
    }

    @Override
    public int close(int descriptor) {
        return Kernel.close(Scratch.ofThread(), descriptor);
    }

    @Override
    public long write(int descriptor, ByteBuffer source) {
        return writeFully(CallNumbers.WRITE, descriptor, source, 0);
    }

    @Override
    public long pwrite(int descriptor, ByteBuffer source, long offset) {
        return writeFully(CallNumbers.PWRITE64, descriptor, source, offset);
    }

    private static long writeFully(long number, int descriptor, ByteBuffer source, long offset) {
        if (!source.isDirect()) {
            throw new IllegalArgumentException("the kernel reads direct buffers only; this one is on the heap");
        }
        Scratch s = Scratch.ofThread();
        long total = 0;
        while (source.hasRemaining()) {
            MemorySegment memory = MemorySegment.ofBuffer(source);
            long written = Kernel.transfer(s, number, descriptor, memory, offset + total);
            if (written <= 0) {
                // Nothing written and no error is what no file system should answer; asking again might never end.
                return written == 0 ? -Errno.EIO : written;
            }
            source.position(source.position() + (int) written);
            total += written;
        }
        return total;
    }

    @Override
    public int ftruncate(int descriptor, long length) {
        return (int) Kernel.call(Scratch.ofThread(), CallNumbers.FTRUNCATE, descriptor, length);
    }

    @Override
    public int mkdirat(int directory, byte[] name, int mode) {
        Scratch s = Scratch.ofThread();
        return (int) Kernel.call(s, CallNumbers.MKDIRAT, directory, s.first.name(name), mode);
    }

    @Override
    public int mknodat(int directory, byte[] name, int mode, int major, int minor) {
        // 12 bits of major and 20 of minor is all the kernel's own device number holds; more would be cut off unseen.
        if ((major & ~0xfff) != 0 || (minor & ~0xfffff) != 0) {
            return -Errno.EINVAL;
        }
        long device = (minor & 0xffL) | ((long) major << 8) | ((minor & ~0xffL) << 12);
        Scratch s = Scratch.ofThread();
        return (int) Kernel.call(s, CallNumbers.MKNODAT, directory, s.first.name(name), mode, device);
    }

    @Override
    public int symlinkat(byte[] target, int directory, byte[] name) {
        Scratch s = Scratch.ofThread();
        return (int) Kernel.call(s, CallNumbers.SYMLINKAT, s.first.name(target), directory, s.second.name(name));
    }

    @Override
    public int linkat(int fromDirectory, byte[] fromName, int toDirectory, byte[] toName) {
        Scratch s = Scratch.ofThread();
        long from = s.first.name(fromName);
        return (int) Kernel.call(s, CallNumbers.LINKAT, fromDirectory, from, toDirectory, s.second.name(toName));
    }

    @Override
    public int unlinkat(int directory, byte[] name, int flags) {
        Scratch s = Scratch.ofThread();
        return (int) Kernel.call(s, CallNumbers.UNLINKAT, directory, s.first.name(name), flags);
    }

    @Override
    public int renameat(int fromDirectory, byte[] fromName, int toDirectory, byte[] toName) {
        Scratch s = Scratch.ofThread();
        long from = s.first.name(fromName);
        return (int) Kernel.call(s, CallNumbers.RENAMEAT, fromDirectory, from, toDirectory, s.second.name(toName));
    }

    @Override
    public int fchown(int descriptor, int uid, int gid) {
        return (int) Kernel.call(Scratch.ofThread(), CallNumbers.FCHOWN, descriptor, uid, gid);
    }

    @Override
    public int fchownat(int directory, byte[] name, int uid, int gid, int flags) {
        Scratch s = Scratch.ofThread();
        return (int) Kernel.call(s, CallNumbers.FCHOWNAT, directory, s.first.name(name), uid, gid, flags);
    }

    @Override
    public int fchmod(int descriptor, int mode) {
        return (int) Kernel.call(Scratch.ofThread(), CallNumbers.FCHMOD, descriptor, mode);
    }

    @Override
    public int fchmodat(int directory, byte[] name, int mode) {
        Scratch s = Scratch.ofThread();
        return (int) Kernel.call(s, CallNumbers.FCHMODAT, directory, s.first.name(name), mode);
    }

    @Override
    public int futimens(int descriptor, long accessSeconds, int accessNanos, long modifySeconds, int modifyNanos) {
        Scratch s = Scratch.ofThread();
        long times = times(s, accessSeconds, accessNanos, modifySeconds, modifyNanos);
        return (int) Kernel.call(s, CallNumbers.UTIMENSAT, descriptor, 0, times, 0);
    }

    @Override
    public int utimensat(
            int directory, byte[] name, long accessSeconds, int accessNanos, long modifySeconds, int modifyNanos) {
        Scratch s = Scratch.ofThread();
        long times = times(s, accessSeconds, accessNanos, modifySeconds, modifyNanos);
        long path = s.first.name(name);
        return (int) Kernel.call(s, CallNumbers.UTIMENSAT, directory, path, times, Flags.AT_SYMLINK_NOFOLLOW);
    }

    /// Two `struct timespec`. Nanoseconds outside the second are refused here: two such values mean "now" and
    /// "leave" to the kernel, which a hostile archive must not be able to say.
    private static long times(Scratch s, long accessSeconds, int accessNanos, long modifySeconds, int modifyNanos) {
        requireNanos(accessNanos);
        requireNanos(modifyNanos);
        s.struct.set(JAVA_LONG, 0, accessSeconds);
        s.struct.set(JAVA_LONG, 8, accessNanos);
        s.struct.set(JAVA_LONG, 16, modifySeconds);
        s.struct.set(JAVA_LONG, 24, modifyNanos);
        return s.struct.address();
    }

    private static void requireNanos(int nanos) {
        if (nanos < 0 || nanos > 999_999_999) {
            throw new IllegalArgumentException("nanoseconds are 0..999,999,999, not " + nanos);
        }
    }

    @Override
    public int fsetxattr(int descriptor, byte[] name, byte[] value) {
        Scratch s = Scratch.ofThread();
        long attribute = s.first.name(name);
        return (int) Kernel.call(s, CallNumbers.FSETXATTR, descriptor, attribute, s.bulk.bytes(value), value.length);
    }

    @Override
    public int setxattrat(int directory, byte[] name, byte[] attribute, byte[] value) {
        Scratch s = Scratch.ofThread();
        long path = s.first.name(prefix(directory), name);
        long key = s.second.name(attribute);
        return (int) Kernel.call(s, CallNumbers.LSETXATTR, path, key, s.bulk.bytes(value), value.length);
    }

    @Override
    public List<byte[]> listxattrat(int directory, byte[] name) {
        Scratch s = Scratch.ofThread();
        long path = s.first.name(prefix(directory), name);
        MemorySegment room = s.bulk.room(Scratch.BULK_BYTES);
        long length = Kernel.call(s, CallNumbers.LLISTXATTR, path, room.address(), room.byteSize());
        if (length == -Errno.EOPNOTSUPP) {
            return List.of();
        }
        Descriptors.check(length, "llistxattr", name);
        List<byte[]> names = new ArrayList<>();
        long start = 0;
        for (long i = 0; i < length; i++) {
            if (room.get(JAVA_BYTE, i) == 0) {
                names.add(copy(room, start, i - start));
                start = i + 1;
            }
        }
        return names;
    }

    @Override
    public int removexattrat(int directory, byte[] name, byte[] attribute) {
        Scratch s = Scratch.ofThread();
        long path = s.first.name(prefix(directory), name);
        return (int) Kernel.call(s, CallNumbers.LREMOVEXATTR, path, s.second.name(attribute));
    }

    @Override
    public byte @Nullable [] getxattrat(int directory, byte[] name, byte[] attribute) {
        Scratch s = Scratch.ofThread();
        long path = s.first.name(prefix(directory), name);
        long key = s.second.name(attribute);
        MemorySegment room = s.bulk.room(Scratch.BULK_BYTES);
        long length = Kernel.call(s, CallNumbers.LGETXATTR, path, key, room.address(), room.byteSize());
        if (length == -Errno.ENODATA || length == -Errno.EOPNOTSUPP) {
            return null;
        }
        Descriptors.check(length, "lgetxattr", name);
        return copy(room, 0, length);
    }

    /// The way to a name in an open directory for calls without an `at` form. With an empty name behind it the
    /// closing slash leads to the directory itself.
    private static byte[] prefix(int directory) {
        return directory == Flags.AT_FDCWD ? new byte[0] : ("/proc/self/fd/" + directory + '/').getBytes(US_ASCII);
    }

    @Override
    public @Nullable FileStatus statx(int directory, byte[] name) {
        Scratch s = Scratch.ofThread();
        long path = s.first.name(name);
        long flags = Flags.AT_SYMLINK_NOFOLLOW | (name.length == 0 ? Flags.AT_EMPTY_PATH : 0);
        long at = s.struct.address();
        long result = Kernel.call(s, CallNumbers.STATX, directory, path, flags, STATX_BASIC_STATS, at);
        if (result == -Errno.ENOENT) {
            return null;
        }
        Descriptors.check(result, "statx", name);
        return status(s.struct);
    }

    /// `struct statx` of `linux/stat.h`, whose offsets no architecture changes.
    private static FileStatus status(MemorySegment statx) {
        return new FileStatus(
                Short.toUnsignedInt(statx.get(JAVA_SHORT, 28)),
                statx.get(JAVA_LONG, 32),
                statx.get(JAVA_INT, 16),
                statx.get(JAVA_INT, 20),
                statx.get(JAVA_INT, 24),
                statx.get(JAVA_LONG, 40),
                statx.get(JAVA_LONG, 48),
                statx.get(JAVA_LONG, 112),
                statx.get(JAVA_INT, 120),
                statx.get(JAVA_INT, 136),
                statx.get(JAVA_INT, 140),
                statx.get(JAVA_INT, 128),
                statx.get(JAVA_INT, 132));
    }

    @Override
    public byte[] readlinkat(int directory, byte[] name) {
        Scratch s = Scratch.ofThread();
        long path = s.first.name(name);
        MemorySegment room = s.bulk.room(LINK_BYTES);
        long length = Kernel.call(s, CallNumbers.READLINKAT, directory, path, room.address(), room.byteSize());
        Descriptors.check(length, "readlinkat", name);
        return copy(room, 0, length);
    }

    @Override
    public List<byte[]> list(int directory) {
        // An own description of the directory: the caller's may be O_PATH, and its position is the caller's.
        int flags = Flags.O_RDONLY | Flags.O_DIRECTORY | Flags.O_CLOEXEC;
        int descriptor = openat2(directory, HERE, flags, 0, 0);
        Descriptors.check(descriptor, "openat2", HERE);
        try {
            return entries(descriptor);
        } finally {
            close(descriptor);
        }
    }

    private static List<byte[]> entries(int descriptor) {
        Scratch s = Scratch.ofThread();
        MemorySegment room = s.bulk.room(LIST_BYTES);
        List<byte[]> names = new ArrayList<>();
        while (true) {
            long length = Kernel.call(s, CallNumbers.GETDENTS64, descriptor, room.address(), room.byteSize());
            Descriptors.check(length, "getdents64", HERE);
            if (length == 0) {
                return names;
            }
            // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, name from 19 on, NUL-terminated.
            for (long at = 0; at < length; at += Short.toUnsignedInt(room.get(JAVA_SHORT, at + 16))) {
                byte[] name = untilNul(room, at + 19);
                if (!Arrays.equals(name, HERE) && !Arrays.equals(name, new byte[] {'.', '.'})) {
                    names.add(name);
                }
            }
        }
    }

    private static byte[] untilNul(MemorySegment memory, long start) {
        long end = start;
        while (memory.get(JAVA_BYTE, end) != 0) {
            end++;
        }
        return copy(memory, start, end - start);
    }

    private static byte[] copy(MemorySegment memory, long start, long length) {
        return memory.asSlice(start, length).toArray(JAVA_BYTE);
    }

    @Override
    public int fsync(int descriptor) {
        return (int) Kernel.call(Scratch.ofThread(), CallNumbers.FSYNC, descriptor);
    }

    @Override
    public int syncfs(int descriptor) {
        return (int) Kernel.call(Scratch.ofThread(), CallNumbers.SYNCFS, descriptor);
    }
}
