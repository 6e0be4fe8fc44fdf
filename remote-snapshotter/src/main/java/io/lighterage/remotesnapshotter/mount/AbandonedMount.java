package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Credentials;
import io.lighterage.linux.Errno;
import io.lighterage.linux.NativeMountCalls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A mount of ours whose server is gone: over FUSE every access to it fails with `ENOTCONN` until it is unmounted, of
/// EROFS what the kernel has not cached fails with `EIO`.
public final class AbandonedMount {
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    private static final int POINT_FIELD = 4;

    private AbandonedMount() {}

    /// Takes the topmost mount of ours out of the directory.
    ///
    /// @param directory absolute, its parent without symlinks
    /// @throws ImageException NOT_FOUND when nothing of ours is mounted there, DENIED when the kernel refuses
    public static void unmount(Path directory) {
        if (!isMounted(directory)) {
            throw new ImageException(
                    ErrorKind.NOT_FOUND,
                    "cannot unmount " + directory + ": 'lighter mount' has mounted nothing there;"
                            + " 'lighter status' lists what it has");
        }
        int result = new Unmounter(new NativeMountCalls(), Credentials.effectiveUid() == 0).detach(directory);
        if (result != 0) {
            throw new ImageException(
                    ErrorKind.DENIED,
                    "cannot unmount " + directory + ": " + Errno.name(-result) + "; run as the user who mounted it");
        }
    }

    private static boolean isMounted(Path directory) {
        try {
            // Latin-1, as names are bytes; octal escapes as in proc(5).
            List<String> lines = Files.readAllLines(MOUNTS, StandardCharsets.ISO_8859_1);
            String wanted = escaped(directory);
            return lines.stream()
                    .filter(AbandonedMount::isOurs)
                    .anyMatch(line -> line.split(" ")[POINT_FIELD].equals(wanted));
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.INTERNAL, "cannot read " + MOUNTS + " to see what is mounted: " + e.getMessage(), e);
        }
    }

    /// An EROFS mount is known by the name its image had.
    private static boolean isOurs(String line) {
        return line.contains(" - fuse.lighter ")
                || (line.contains(" - erofs ") && line.contains("/" + ErofsTreeMounter.IMAGE_PREFIX));
    }

    private static String escaped(Path directory) {
        byte[] bytes = directory.toString().getBytes(StandardCharsets.UTF_8);
        return new String(bytes, StandardCharsets.ISO_8859_1)
                .replace("\\", "\\134")
                .replace(" ", "\\040")
                .replace("\t", "\\011")
                .replace("\n", "\\012");
    }
}
