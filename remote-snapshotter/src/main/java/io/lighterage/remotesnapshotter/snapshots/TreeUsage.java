package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.SnapshotUsage;
import io.lighterage.linux.Descriptors;
import io.lighterage.linux.ErrnoException;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.Flags;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/// Counts what a tree takes, while others may write to it; never leaves its file system or follows a symlink. What is
/// deeper than the kernel takes a path (4095 bytes) is not looked at.
final class TreeUsage {
    private static final int BLOCK = 512;
    private static final int MAX_PATH = 4095;

    private final FileCalls calls;
    private final int root;
    private final Deque<byte[]> waiting = new ArrayDeque<>();
    private final Set<Long> linked = new HashSet<>();
    private long bytes;
    private long inodes;

    private TreeUsage(FileCalls calls, int root) {
        this.calls = calls;
        this.root = root;
    }

    /// @throws ErrnoException when the directory itself cannot be opened
    static SnapshotUsage of(FileCalls calls, Path directory) {
        int root = Descriptors.openDirectory(calls, directory);
        try {
            TreeUsage usage = new TreeUsage(calls, root);
            usage.walk();
            return new SnapshotUsage(usage.bytes, usage.inodes);
        } finally {
            int ignored = calls.close(root);
        }
    }

    private void walk() {
        FileStatus top = calls.statx(root, new byte[0]);
        if (top != null) {
            count(top);
        }
        waiting.push(new byte[] {'.'});
        while (!waiting.isEmpty()) {
            byte[] path = waiting.pop();
            int flags = Flags.O_RDONLY | Flags.O_DIRECTORY | Flags.O_NOFOLLOW | Flags.O_CLOEXEC;
            long within = Flags.RESOLVE_BENEATH | Flags.RESOLVE_NO_SYMLINKS | Flags.RESOLVE_NO_XDEV;
            int directory = calls.openat2(root, path, flags, 0, within);
            if (directory < 0) {
                continue; // removed or replaced meanwhile, or another file system
            }
            try {
                countEntries(directory, path);
            } finally {
                int ignored = calls.close(directory);
            }
        }
    }

    private void countEntries(int directory, byte[] path) {
        for (byte[] name : calls.list(directory)) {
            FileStatus status = calls.statx(directory, name);
            if (status == null) {
                continue; // removed meanwhile
            }
            count(status);
            if (status.isDirectory() && path.length + 1 + name.length <= MAX_PATH) {
                waiting.push(joined(path, name));
            }
        }
    }

    private void count(FileStatus status) {
        boolean counted = !status.isDirectory() && status.links() > 1 && !linked.add(status.inode());
        if (!counted) {
            inodes++;
            bytes += status.blocks() * BLOCK;
        }
    }

    private static byte[] joined(byte[] path, byte[] name) {
        byte[] result = new byte[path.length + 1 + name.length];
        System.arraycopy(path, 0, result, 0, path.length);
        result[path.length] = '/';
        System.arraycopy(name, 0, result, path.length + 1, name.length);
        return result;
    }
}
