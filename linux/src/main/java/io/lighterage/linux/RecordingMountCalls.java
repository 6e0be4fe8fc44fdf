package io.lighterage.linux;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// The twin of [NativeMountCalls]: keeps a mount table in memory and a list of every call, and can be told to fail.
/// Mounts lie on top of each other, and only the topmost at a path can be unmounted, as with the kernel. Whether
/// targets exist is not looked at.
public final class RecordingMountCalls implements MountCalls {
    /// A call as it was made, in order.
    public sealed interface Call {}

    public record Mount(String source, Path target, String type, long flags, String options) implements Call {}

    public record Unmount(Path target, int flags) implements Call {}

    private final List<Call> calls = new ArrayList<>();
    private final List<Mount> mounts = new ArrayList<>();
    private final Deque<Integer> failures = new ArrayDeque<>();

    /// Makes the next mount or unmount that has no answer yet fail with this error number; may be said repeatedly.
    public synchronized void failNext(int errno) {
        failures.add(errno);
    }

    /// Every mount and unmount asked for so far, failed ones too.
    public synchronized List<Call> calls() {
        return List.copyOf(calls);
    }

    /// What is mounted now, oldest first.
    public synchronized List<Mount> mounts() {
        return List.copyOf(mounts);
    }

    @Override
    public synchronized int mount(String source, Path target, String type, long flags, String options) {
        var mount = new Mount(source, target.toAbsolutePath().normalize(), type, flags, options);
        calls.add(mount);
        Integer failure = failures.poll();
        if (failure != null) {
            return -failure;
        }
        if (options.getBytes(StandardCharsets.UTF_8).length > MAX_OPTIONS) {
            return -Errno.E2BIG;
        }
        long changesOnly = MountFlags.MS_REMOUNT | MountFlags.MS_PRIVATE | MountFlags.MS_SLAVE;
        if ((flags & changesOnly) == 0) {
            mounts.add(mount);
        }
        return 0;
    }

    @Override
    public synchronized int umount2(Path target, int flags) {
        Path path = target.toAbsolutePath().normalize();
        calls.add(new Unmount(path, flags));
        Integer failure = failures.poll();
        if (failure != null) {
            return -failure;
        }
        for (int i = mounts.size() - 1; i >= 0; i--) {
            if (mounts.get(i).target().equals(path)) {
                mounts.remove(i);
                return 0;
            }
        }
        return -Errno.EINVAL;
    }

    /// The magic number of the innermost mount a path is under; zero where nothing is mounted or the type is
    /// not one of ours.
    @Override
    public synchronized long magic(Path path) {
        Path wanted = path.toAbsolutePath().normalize();
        Mount best = null;
        for (Mount mount : mounts) {
            boolean deeper = best == null
                    || mount.target().getNameCount() >= best.target().getNameCount();
            if (wanted.startsWith(mount.target()) && deeper) {
                best = mount;
            }
        }
        return best == null ? 0 : magicOf(best);
    }

    private static long magicOf(Mount mount) {
        return switch (mount.type()) {
            case "overlay" -> MountFlags.OVERLAYFS_SUPER_MAGIC;
            case "erofs" -> MountFlags.EROFS_SUPER_MAGIC;
            case "fuse" -> MountFlags.FUSE_SUPER_MAGIC;
            case "tmpfs" -> MountFlags.TMPFS_MAGIC;
            case "ext4" -> MountFlags.EXT4_SUPER_MAGIC;
            default -> 0;
        };
    }
}
