package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.linux.MountCalls;
import io.lighterage.linux.MountFlags;
import java.nio.file.Path;

/// An EROFS image that is mounted. The kernel serves it: it outlives this object and this process.
///
/// @param at where
/// @param backing how the kernel reads it
/// @param calls the kernel
public record ErofsMount(Path at, Backing backing, MountCalls calls) implements AutoCloseable {
    /// How the kernel reads an image and its devices.
    public enum Backing {
        /// As files, since Linux 6.12.
        FILES,
        /// Through loop devices, which go away with the mount.
        LOOP_DEVICES
    }

    /// Unmounts. A mount that is in use disappears from its directory at once, and for good when the last
    /// process lets go of it. Does nothing when nothing is mounted there any more.
    ///
    /// @throws ImageException DENIED when the kernel refuses
    @Override
    public void close() {
        unmount(calls, at);
    }

    static void unmount(MountCalls calls, Path at) {
        int result = calls.umount2(at, MountFlags.UMOUNT_NOFOLLOW);
        if (result == -Errno.EBUSY) {
            result = calls.umount2(at, MountFlags.UMOUNT_NOFOLLOW | MountFlags.MNT_DETACH);
        }
        boolean gone = result == -Errno.EINVAL || result == -Errno.ENOENT;
        if (result < 0 && !gone) {
            throw new ImageException(
                    ErrorKind.DENIED, "cannot unmount " + at + ": " + Errno.name(-result) + "; only root may");
        }
    }
}
