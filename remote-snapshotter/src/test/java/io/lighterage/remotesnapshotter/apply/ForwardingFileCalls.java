package io.lighterage.remotesnapshotter.apply;

import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Passes every call on; tests override what they want to happen otherwise.
class ForwardingFileCalls implements FileCalls {
    private final FileCalls calls;

    ForwardingFileCalls(FileCalls calls) {
        this.calls = calls;
    }

    @Override
    public int openat2(int directory, byte[] path, int flags, int mode, long resolve) {
        return calls.openat2(directory, path, flags, mode, resolve);
    }

    @Override
    public int close(int descriptor) {
        return calls.close(descriptor);
    }

    @Override
    public long write(int descriptor, ByteBuffer source) {
        return calls.write(descriptor, source);
    }

    @Override
    public long pwrite(int descriptor, ByteBuffer source, long offset) {
        return calls.pwrite(descriptor, source, offset);
    }

    @Override
    public int ftruncate(int descriptor, long length) {
        return calls.ftruncate(descriptor, length);
    }

    @Override
    public int mkdirat(int directory, byte[] name, int mode) {
        return calls.mkdirat(directory, name, mode);
    }

    @Override
    public int mknodat(int directory, byte[] name, int mode, int major, int minor) {
        return calls.mknodat(directory, name, mode, major, minor);
    }

    @Override
    public int symlinkat(byte[] target, int directory, byte[] name) {
        return calls.symlinkat(target, directory, name);
    }

    @Override
    public int linkat(int fromDirectory, byte[] fromName, int toDirectory, byte[] toName) {
        return calls.linkat(fromDirectory, fromName, toDirectory, toName);
    }

    @Override
    public int unlinkat(int directory, byte[] name, int flags) {
        return calls.unlinkat(directory, name, flags);
    }

    @Override
    public int renameat(int fromDirectory, byte[] fromName, int toDirectory, byte[] toName) {
        return calls.renameat(fromDirectory, fromName, toDirectory, toName);
    }

    @Override
    public int fchown(int descriptor, int uid, int gid) {
        return calls.fchown(descriptor, uid, gid);
    }

    @Override
    public int fchownat(int directory, byte[] name, int uid, int gid, int flags) {
        return calls.fchownat(directory, name, uid, gid, flags);
    }

    @Override
    public int fchmod(int descriptor, int mode) {
        return calls.fchmod(descriptor, mode);
    }

    @Override
    public int fchmodat(int directory, byte[] name, int mode) {
        return calls.fchmodat(directory, name, mode);
    }

    @Override
    public int futimens(int descriptor, long accessSeconds, int accessNanos, long modifySeconds, int modifyNanos) {
        return calls.futimens(descriptor, accessSeconds, accessNanos, modifySeconds, modifyNanos);
    }

    @Override
    public int utimensat(
            int directory, byte[] name, long accessSeconds, int accessNanos, long modifySeconds, int modifyNanos) {
        return calls.utimensat(directory, name, accessSeconds, accessNanos, modifySeconds, modifyNanos);
    }

    @Override
    public int fsetxattr(int descriptor, byte[] name, byte[] value) {
        return calls.fsetxattr(descriptor, name, value);
    }

    @Override
    public int setxattrat(int directory, byte[] name, byte[] attribute, byte[] value) {
        return calls.setxattrat(directory, name, attribute, value);
    }

    @Override
    public List<byte[]> listxattrat(int directory, byte[] name) {
        return calls.listxattrat(directory, name);
    }

    @Override
    public int removexattrat(int directory, byte[] name, byte[] attribute) {
        return calls.removexattrat(directory, name, attribute);
    }

    @Override
    public byte @Nullable [] getxattrat(int directory, byte[] name, byte[] attribute) {
        return calls.getxattrat(directory, name, attribute);
    }

    @Override
    public @Nullable FileStatus statx(int directory, byte[] name) {
        return calls.statx(directory, name);
    }

    @Override
    public byte[] readlinkat(int directory, byte[] name) {
        return calls.readlinkat(directory, name);
    }

    @Override
    public List<byte[]> list(int directory) {
        return calls.list(directory);
    }

    @Override
    public int fsync(int descriptor) {
        return calls.fsync(descriptor);
    }

    @Override
    public int syncfs(int descriptor) {
        return calls.syncfs(descriptor);
    }
}
