package io.lighterage.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// What the file system under a path has to offer.
///
/// @param magic its type, see [MountFlags]
/// @param totalBytes size of the whole
/// @param freeBytes what an ordinary user may still fill
/// @param totalInodes 0 where the file system makes inodes as it needs them (btrfs)
/// @param freeInodes free ones of these
/// @param userXattrs whether files take `user.*` attributes
/// @param trustedXattrs whether files take `trusted.*` attributes, which is root's business and overlayfs' need
public record FileSystemFacts(
        long magic,
        long totalBytes,
        long freeBytes,
        long totalInodes,
        long freeInodes,
        Attributes userXattrs,
        Attributes trustedXattrs) {

    /// Whether attributes of a namespace can be set.
    public enum Attributes {
        SUPPORTED,
        /// The file system has none of this kind.
        UNSUPPORTED,
        /// We may not set them.
        REFUSED,
        /// Could not be tried: no file can be made here.
        UNKNOWN
    }

    /// Reads the facts of the file system an existing directory is on. To try the attributes, a file is made there
    /// and unlinked before anything else is done with it.
    ///
    /// @throws ErrnoException when there is no such directory
    public static FileSystemFacts read(Path directory) {
        Scratch s = Scratch.ofThread();
        byte[] path = Descriptors.bytes(directory);
        long result = Kernel.call(s, CallNumbers.STATFS, s.first.name(path), s.struct.address());
        Descriptors.check(result, "statfs", path);
        // struct statfs, the same on 64-bit machines: type, block size, blocks, free, available, files, free files.
        long block = s.struct.get(JAVA_LONG, 8);
        long magic = s.struct.get(JAVA_LONG, 0);
        long total = block * s.struct.get(JAVA_LONG, 16);
        long free = block * s.struct.get(JAVA_LONG, 32);
        long inodes = s.struct.get(JAVA_LONG, 40);
        long freeInodes = s.struct.get(JAVA_LONG, 48);
        FileCalls calls = new NativeFileCalls();
        int root = Descriptors.openDirectory(calls, directory);
        try {
            int probe = probe(calls, root);
            Attributes user = tried(calls, probe, "user.lighterage");
            Attributes trusted = tried(calls, probe, "trusted.lighterage");
            if (probe >= 0) {
                calls.close(probe);
            }
            return new FileSystemFacts(magic, total, free, inodes, freeInodes, user, trusted);
        } finally {
            calls.close(root);
        }
    }

    private static int probe(FileCalls calls, int root) {
        String unique = ".lighterage-probe-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
        byte[] name = unique.getBytes(StandardCharsets.US_ASCII);
        int flags = Flags.O_RDWR | Flags.O_CREAT | Flags.O_EXCL | Flags.O_CLOEXEC;
        int descriptor = calls.openat2(root, name, flags, 0600, 0);
        if (descriptor >= 0) {
            calls.unlinkat(root, name, 0);
        }
        return descriptor;
    }

    private static Attributes tried(FileCalls calls, int probe, String attribute) {
        if (probe < 0) {
            return Attributes.UNKNOWN;
        }
        int result = calls.fsetxattr(probe, attribute.getBytes(StandardCharsets.US_ASCII), new byte[] {'1'});
        return switch (-result) {
            case 0 -> Attributes.SUPPORTED;
            case Errno.EOPNOTSUPP -> Attributes.UNSUPPORTED;
            case Errno.EPERM, Errno.EACCES -> Attributes.REFUSED;
            default -> Attributes.UNKNOWN;
        };
    }
}
