package io.lighterage.remotesnapshotter.apply;

import io.lighterage.linux.Errno;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.RawName;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The tree a layer is applied to, reached from the descriptor of its root only.
///
/// Every directory is opened anew for every entry, by its canonical path, in a way that makes the kernel refuse any
/// symlink in it and anything above the root. Nothing learnt earlier is trusted to still be so.
final class TargetTree {
    /// No way out of the root, not even through `/proc`, and no symlinks: paths are canonical by then.
    static final long RESOLVE = Flags.RESOLVE_IN_ROOT | Flags.RESOLVE_NO_SYMLINKS | Flags.RESOLVE_NO_MAGICLINKS;

    private static final byte[] SELF = {'.'};
    private static final int FIND_DIRECTORY = Flags.O_PATH | Flags.O_DIRECTORY | Flags.O_CLOEXEC;
    private static final int LIST_DIRECTORY = Flags.O_RDONLY | Flags.O_DIRECTORY | Flags.O_CLOEXEC;
    private static final int CREATE_FILE =
            Flags.O_CREAT | Flags.O_EXCL | Flags.O_WRONLY | Flags.O_NOFOLLOW | Flags.O_CLOEXEC;

    final FileCalls calls;
    final Refusal refusal;
    final boolean privileged;
    private final int root;

    /// @param root an open directory, the caller's
    TargetTree(FileCalls calls, int root, Refusal refusal, boolean privileged) {
        this.calls = calls;
        this.root = root;
        this.refusal = refusal;
        this.privileged = privileged;
    }

    /// An open descriptor for the length of a block.
    record Open(FileCalls calls, int descriptor) implements AutoCloseable {
        @Override
        public void close() {
            // A directory or an O_PATH descriptor: closing it cannot lose data.
            int ignored = calls.close(descriptor);
        }
    }

    /// Opens a directory to act on the names in it.
    Open open(Directory directory) {
        return open(directory.path, FIND_DIRECTORY);
    }

    private Open open(RawName path, int flags) {
        byte[] name = path.isEmpty() ? SELF : path.toBytes();
        int descriptor = calls.openat2(root, name, flags, 0, RESOLVE);
        return new Open(calls, refusal.check(descriptor, "open directory", path));
    }

    /// Creates a file that must not exist; a descriptor open for writing, or `-errno`.
    int createFile(Directory directory, byte[] name, int mode) {
        return calls.openat2(root, directory.child(name), CREATE_FILE, mode, RESOLVE);
    }

    @Nullable
    FileStatus stat(Directory directory, byte[] name) {
        try (Open in = open(directory)) {
            return calls.statx(in.descriptor(), name);
        }
    }

    List<byte[]> list(Directory directory) {
        try (Open in = open(directory.path, LIST_DIRECTORY)) {
            return calls.list(in.descriptor());
        }
    }

    /// Sets a directory's mode, without privilege for now with the owner's own rights in it, or we could not work
    /// there.
    void setMode(int parent, byte[] name, Directory directory, int mode) {
        int now = privileged ? mode : mode | 0700;
        refusal.check(calls.fchmodat(parent, name, now), "set the mode of", directory);
        directory.mode = now;
        directory.finalMode = now == mode ? -1 : mode;
    }

    /// Removes a name, and everything below when it is a directory. It may be missing.
    void remove(Directory directory, byte[] name) {
        boolean isDirectory;
        try (Open in = open(directory)) {
            isDirectory = !unlink(in, name, directory);
        }
        if (isDirectory) {
            removeDirectory(RawName.of(directory.child(name)), directory.path, name);
        }
    }

    /// Unlinks anything but a directory; false when it is one.
    private boolean unlink(Open in, byte[] name, Object where) {
        int result = calls.unlinkat(in.descriptor(), name, 0);
        if (result == -Errno.EISDIR) {
            return false;
        }
        if (result != -Errno.ENOENT) {
            refusal.check(result, "remove", where + "/" + RawName.of(name));
        }
        return true;
    }

    /// Holds no descriptor while it goes deeper: a path may have 2,047 levels.
    private void removeDirectory(RawName path, RawName parent, byte[] name) {
        List<byte[]> deeper = new ArrayList<>();
        if (!privileged) {
            try (Open in = open(parent, FIND_DIRECTORY)) {
                refusal.check(calls.fchmodat(in.descriptor(), name, 0700), "make removable", path);
            }
        }
        try (Open in = open(path, LIST_DIRECTORY)) {
            for (byte[] child : calls.list(in.descriptor())) {
                if (!unlink(in, child, path)) {
                    deeper.add(child);
                }
            }
        }
        for (byte[] child : deeper) {
            removeDirectory(join(path, child), path, child);
        }
        try (Open in = open(parent, FIND_DIRECTORY)) {
            refusal.check(calls.unlinkat(in.descriptor(), name, Flags.AT_REMOVEDIR), "remove directory", path);
        }
    }

    private static RawName join(RawName path, byte[] child) {
        byte[] full = java.util.Arrays.copyOf(path.toBytes(), path.length() + 1 + child.length);
        full[path.length()] = '/';
        System.arraycopy(child, 0, full, path.length() + 1, child.length);
        return RawName.of(full);
    }

    /// Sets the times and, without privilege, the final modes of every directory that was worked in.
    void finish(DirectoryTable table) {
        for (Directory directory : table.deepestFirst()) {
            if (!directory.touched && directory.finalMode < 0) {
                continue;
            }
            try (Open in = open(directory)) {
                // Times first: a mode without search permission would lock us out of ".".
                long seconds = directory.modifySeconds;
                int nanos = directory.modifyNanos;
                refusal.check(
                        calls.utimensat(in.descriptor(), SELF, seconds, nanos, seconds, nanos),
                        "set the times of",
                        directory);
                if (directory.finalMode >= 0) {
                    refusal.check(
                            calls.fchmodat(in.descriptor(), SELF, directory.finalMode), "set the mode of", directory);
                }
            }
        }
    }
}
