package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Descriptors;
import io.lighterage.linux.Errno;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.Flags;
import io.lighterage.linux.LoopCalls;
import io.lighterage.linux.MountCalls;
import io.lighterage.linux.MountFlags;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.linux.NativeLoopCalls;
import io.lighterage.linux.NativeMountCalls;
import io.lighterage.remotesnapshotter.erofs.ErofsMount.Backing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Mounts images that [ErofsImage] wrote, as root: as files where the kernel can (Linux 6.12), else through
/// loop devices. Which it can is found by trying.
///
/// The kernel keeps the files open, so they may be renamed or removed while they are mounted. It does not
/// look at them when it mounts: a caller that does not trust an image calls [ErofsImage#verify] first.
public final class ErofsMounter {
    /// Other processes may take the device that the kernel has named as free.
    private static final int LOOP_TRIES = 64;

    private final MountCalls mounts;
    private final LoopCalls loops;
    private final FileCalls files = new NativeFileCalls();

    public ErofsMounter(MountCalls mounts, LoopCalls loops) {
        this.mounts = mounts;
        this.loops = loops;
    }

    public static ErofsMounter ofThisMachine() {
        return new ErofsMounter(new NativeMountCalls(), new NativeLoopCalls());
    }

    /// Mounts an image, read-only, so that modes, owners, devices and set-uid bits in it count.
    ///
    /// @param metadata the image
    /// @param devices its devices in the order of [ErofsHeader#devices]: files that are complete, or that
    ///     become so when they are read
    /// @param target a directory
    /// @throws ImageException NOT_FOUND when a file or the directory is not there; INVALID when the devices
    ///     are not those of the image; CORRUPT when the image is none; UNSUPPORTED when the kernel has no
    ///     EROFS; DENIED when this process may not mount
    public ErofsMount mount(Path metadata, List<Path> devices, Path target) {
        check(metadata, devices, target);
        try (Opened opened = new Opened(files)) {
            int image = opened.open(metadata);
            List<Integer> data = devices.stream().map(opened::open).toList();
            int result = mount(metadata.toAbsolutePath().toString(), data, target);
            // A kernel that mounts files may still not like the file system they are on.
            if (result != -Errno.ENOTBLK && result != -Errno.EINVAL) {
                return mounted(result, metadata, target, Backing.FILES);
            }
            String source = "/dev/loop" + loop(opened, image, metadata);
            List<Integer> blocks = new ArrayList<>();
            for (int i = 0; i < data.size(); i++) {
                int ignored = loop(opened, data.get(i), devices.get(i));
                blocks.add(opened.last());
            }
            return mounted(mount(source, blocks, target), metadata, target, Backing.LOOP_DEVICES);
        }
    }

    /// As [#mount(Path, List, Path)] with one device.
    public ErofsMount mount(Path metadata, Path device, Path target) {
        return mount(metadata, List.of(device), target);
    }

    /// Unmounts what this or an earlier process mounted; see [ErofsMount#close].
    public void unmount(Path target) {
        ErofsMount.unmount(mounts, target);
    }

    private static void check(Path metadata, List<Path> devices, Path target) {
        if (!Files.isDirectory(target)) {
            ErrorKind kind = Files.exists(target) ? ErrorKind.PRECONDITION : ErrorKind.NOT_FOUND;
            throw failure(kind, metadata, target, "that is no directory; make it first");
        }
        List<ErofsDevice> wanted = ErofsImage.header(metadata).devices();
        if (wanted.size() != devices.size()) {
            throw failure(
                    ErrorKind.INVALID,
                    metadata,
                    target,
                    "it has " + wanted.size() + " devices, and " + devices.size() + " were given");
        }
        for (int i = 0; i < wanted.size(); i++) {
            long bytes = devices.get(i).toFile().length();
            if (bytes < wanted.get(i).bytes()) {
                throw failure(
                        Files.exists(devices.get(i)) ? ErrorKind.INVALID : ErrorKind.NOT_FOUND,
                        metadata,
                        target,
                        "device " + devices.get(i) + " has " + bytes + " bytes; expected "
                                + wanted.get(i).bytes() + ", the flat file of layer "
                                + wanted.get(i).tag());
            }
        }
    }

    /// Devices are named by descriptor: a path may hold a comma, and many paths do not fit into the
    /// options.
    private int mount(String source, List<Integer> devices, Path target) {
        String options =
                devices.stream().map(device -> "device=/proc/self/fd/" + device).collect(Collectors.joining(","));
        return mounts.mount(source, target, "erofs", MountFlags.MS_RDONLY, options);
    }

    /// @return the number of a loop device that shows the file
    private int loop(Opened opened, int file, Path path) {
        int result = -Errno.EBUSY;
        for (int i = 0; i < LOOP_TRIES && result == -Errno.EBUSY; i++) {
            int number = loops.free();
            result = number < 0 ? number : loops.attach(number, file);
            if (result >= 0) {
                opened.add(result);
                return number;
            }
        }
        throw new ImageException(
                kind(result),
                "cannot make a loop device of " + path + ", which this kernel needs to mount it: "
                        + Errno.name(-result)
                        + "; run as root, and load the module (modprobe loop) where /dev/loop-control is missing");
    }

    private ErofsMount mounted(int result, Path metadata, Path target, Backing backing) {
        if (result < 0) {
            throw failure(kind(result), metadata, target, Errno.name(-result) + advice(-result));
        }
        return new ErofsMount(target, backing, mounts);
    }

    private static ErrorKind kind(int result) {
        return switch (-result) {
            case Errno.EPERM, Errno.EACCES -> ErrorKind.DENIED;
            case Errno.ENODEV, Errno.ENOENT, Errno.ENXIO, Errno.EOPNOTSUPP -> ErrorKind.UNSUPPORTED;
            case Errno.ENOMEM, Errno.EMFILE, Errno.ENFILE, Errno.EBUSY -> ErrorKind.EXHAUSTED;
            default -> ErrorKind.INTERNAL;
        };
    }

    private static String advice(int errno) {
        return switch (errno) {
            case Errno.EPERM, Errno.EACCES -> "; only root may mount it";
            case Errno.ENODEV -> "; this kernel has no EROFS (modprobe erofs), mount the image over FUSE";
            default -> "; the kernel log says more (dmesg)";
        };
    }

    private static ImageException failure(ErrorKind kind, Path metadata, Path target, String reason) {
        return new ImageException(kind, "cannot mount EROFS image " + metadata + " on " + target + ": " + reason);
    }

    /// Descriptors that are needed until it is mounted.
    private static final class Opened implements AutoCloseable {
        private final FileCalls calls;
        private final List<Integer> all = new ArrayList<>();

        Opened(FileCalls calls) {
            this.calls = calls;
        }

        int open(Path file) {
            byte[] path = Descriptors.bytes(file);
            int result = calls.openat2(Flags.AT_FDCWD, path, Flags.O_RDONLY | Flags.O_CLOEXEC, 0, 0);
            if (result < 0) {
                throw new ImageException(
                        result == -Errno.ENOENT ? ErrorKind.NOT_FOUND : kind(result),
                        "cannot open " + file + " to mount it: " + Errno.name(-result));
            }
            add(result);
            return result;
        }

        void add(int descriptor) {
            all.add(descriptor);
        }

        int last() {
            return all.getLast();
        }

        @Override
        public void close() {
            for (int descriptor : all) {
                int ignored = calls.close(descriptor);
            }
        }
    }
}
