package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Descriptors;
import io.lighterage.linux.Errno;
import io.lighterage.linux.ErrnoException;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.MountCalls;
import io.lighterage.linux.MountFlags;
import io.lighterage.remotesnapshotter.apply.TreeRemover;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A writable root over read-only trees, by overlayfs. What is written is thrown away when it is closed.
///
/// Lower directories are named in the mount options as they are where that fits into the one page the kernel takes;
/// beyond that, and where a path holds what an option cannot, through `/proc/self/fd`, which is good for 200 of them.
public final class OverlayRoot implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(OverlayRoot.class.getName());
    private static final String VOLATILE = ",volatile";

    private final MountCalls mounts;
    private final FileCalls calls;
    private final Path scratch;
    private boolean closed;

    private OverlayRoot(MountCalls mounts, FileCalls calls, Path scratch) {
        this.mounts = mounts;
        this.calls = calls;
        this.scratch = scratch;
    }

    /// Mounts the overlay.
    ///
    /// @param lowers the read-only trees, topmost first
    /// @param scratch a directory that is empty or not there, on a file system that can be an overlay's
    ///     upper layer; emptied by [#close]
    /// @throws ImageException DENIED without the right to mount, UNSUPPORTED when the kernel cannot do it there,
    ///     PRECONDITION when the directory is in use
    public static OverlayRoot mount(MountCalls mounts, FileCalls calls, List<Path> lowers, Path scratch) {
        if (lowers.isEmpty()) {
            throw new ImageException(ErrorKind.INVALID, "an overlay needs a lower directory; none was given");
        }
        OverlayRoot root =
                new OverlayRoot(mounts, calls, scratch.toAbsolutePath().normalize());
        root.makeDirectories();
        try {
            root.mount(lowers);
            return root;
        } catch (RuntimeException e) {
            root.removeScratch();
            throw e;
        }
    }

    /// The merged tree.
    public Path path() {
        return scratch.resolve("root");
    }

    private void makeDirectories() {
        try {
            Files.createDirectories(
                    scratch, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            for (String name : List.of("upper", "work", "root")) {
                Path made = Files.createDirectory(scratch.resolve(name));
                Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot make the writable layer in " + scratch + ": " + e
                            + "; expected an empty directory that may be written to",
                    e);
        }
    }

    private void mount(List<Path> lowers) {
        List<Integer> opened = new ArrayList<>();
        try {
            String options = options(lowers, path -> isPlain(path) ? path.toString() : open(path, opened));
            if (tooLong(options)) {
                options = options(lowers, path -> open(path, opened));
            }
            if (tooLong(options)) {
                throw new ImageException(
                        ErrorKind.UNSUPPORTED,
                        "cannot mount an overlay of " + lowers.size() + " directories: the kernel takes "
                                + MountCalls.MAX_OPTIONS + " bytes of options; expected fewer layers");
            }
            // Nothing written there is wanted after a crash: without this, unmounting waits for the disk.
            int result = mounts.mount("overlay", path(), "overlay", 0, options + VOLATILE);
            if (result == -Errno.EINVAL) { // before Linux 5.10
                result = mounts.mount("overlay", path(), "overlay", 0, options);
            }
            if (result < 0) {
                throw refused(result, lowers);
            }
        } finally {
            opened.forEach(descriptor -> {
                int ignored = calls.close(descriptor);
            });
        }
    }

    private String options(List<Path> lowers, Function<Path, String> name) {
        String lower = lowers.stream()
                .map(path -> path.toAbsolutePath().normalize())
                .map(name)
                .collect(Collectors.joining(":"));
        return "lowerdir=" + lower + ",upperdir=" + name.apply(scratch.resolve("upper")) + ",workdir="
                + name.apply(scratch.resolve("work"));
    }

    private static boolean tooLong(String options) {
        return options.length() + VOLATILE.length() > MountCalls.MAX_OPTIONS;
    }

    /// Whether a path means in mount options what it says: no separator, nothing to escape, one byte a character.
    private static boolean isPlain(Path path) {
        return path.toString().chars().allMatch(c -> c > ' ' && c < 0x7f && c != '\\' && c != ',' && c != ':');
    }

    private String open(Path directory, List<Integer> opened) {
        try {
            int descriptor = Descriptors.openDirectory(calls, directory);
            opened.add(descriptor);
            return "/proc/self/fd/" + descriptor;
        } catch (ErrnoException e) {
            throw new ImageException(
                    ErrorKind.PRECONDITION, "cannot open the layer " + directory + ": " + Errno.name(e.errno()), e);
        }
    }

    private ImageException refused(int result, List<Path> lowers) {
        ErrorKind kind = switch (-result) {
            case Errno.EPERM, Errno.EACCES -> ErrorKind.DENIED;
            case Errno.EINVAL, Errno.ENODEV, Errno.EOPNOTSUPP -> ErrorKind.UNSUPPORTED;
            case Errno.ENOSPC, Errno.ENOMEM -> ErrorKind.EXHAUSTED;
            default -> ErrorKind.PRECONDITION;
        };
        String remedy = switch (kind) {
            case DENIED -> "; mounting needs root";
            case UNSUPPORTED ->
                "; the kernel needs overlayfs, and the writable layer a file system such as ext4, xfs or tmpfs, not"
                        + " another overlay (the kernel log says more)";
            default -> "";
        };
        return new ImageException(
                kind,
                "cannot mount an overlay of " + lowers.size() + " directories with its writable layer in " + scratch
                        + ": " + Errno.name(result) + remedy);
    }

    /// Unmounts, as soon as nobody uses it any more, and empties the scratch directory.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        int result = mounts.umount2(path(), MountFlags.UMOUNT_NOFOLLOW);
        if (result == -Errno.EBUSY) {
            result = mounts.umount2(path(), MountFlags.UMOUNT_NOFOLLOW | MountFlags.MNT_DETACH);
        }
        if (result < 0 && result != -Errno.EINVAL) { // EINVAL: somebody else has unmounted it
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot unmount " + path() + ": " + Errno.name(result) + "; try: umount -l " + path());
        }
        removeScratch();
    }

    private void removeScratch() {
        try {
            TreeRemover.removeContents(calls, scratch);
        } catch (ImageException e) { // in use still, and worth no failure: the next start takes another directory
            LOG.log(System.Logger.Level.WARNING, "cannot empty " + scratch + ": " + e.getMessage(), e);
        }
    }
}
