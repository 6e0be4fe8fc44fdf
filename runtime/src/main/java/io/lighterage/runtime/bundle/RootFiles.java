package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Descriptors;
import io.lighterage.linux.Errno;
import io.lighterage.linux.ErrnoException;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.Flags;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Reads small text files of an image. Symlinks are followed inside its root only: `/etc/passwd` of the machine is
/// never read in place of the image's.
final class RootFiles implements AutoCloseable {
    /// A passwd file of 10 MiB has more than 100,000 accounts; containerd has the same limit.
    static final int MAX_BYTES = 10 << 20;

    private final FileCalls calls;
    private final Path root;
    private final int directory;

    /// @throws ImageException NOT_FOUND or DENIED when the root cannot be opened
    RootFiles(FileCalls calls, Path root) {
        this.calls = calls;
        this.root = root;
        try {
            this.directory = Descriptors.openDirectory(calls, root);
        } catch (ErrnoException e) {
            ErrorKind kind = e.errno() == Errno.ENOENT ? ErrorKind.NOT_FOUND : ErrorKind.DENIED;
            throw new ImageException(kind, "cannot open the root directory " + root + ": " + Errno.name(e.errno()), e);
        }
    }

    /// The text of a file, decoded as UTF-8; empty when there is none.
    ///
    /// @param path relative to the root
    /// @throws ImageException INVALID when it is no regular file, is larger than [#MAX_BYTES], or cannot be reached
    String text(String path) {
        int flags = Flags.O_PATH | Flags.O_CLOEXEC;
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        int file = calls.openat2(directory, name, flags, 0, Flags.RESOLVE_IN_ROOT | Flags.RESOLVE_NO_MAGICLINKS);
        if (file == -Errno.ENOENT || file == -Errno.ENOTDIR) {
            return "";
        }
        if (file < 0) {
            throw invalid(path, "cannot be opened: " + Errno.name(file));
        }
        try {
            FileStatus status = calls.statx(file, new byte[0]);
            if (status == null || !status.isRegular()) {
                throw invalid(path, "is not a regular file");
            }
            if (status.size() > MAX_BYTES) {
                throw tooLarge(path, status.size());
            }
            return read(file, path);
        } finally {
            int ignored = calls.close(file);
        }
    }

    /// An `O_PATH` descriptor opens nothing, so that a pipe or a device of the image is never opened; through `/proc`
    /// it leads to the very file that was looked at.
    private String read(int file, String path) {
        try (InputStream in = Files.newInputStream(Path.of("/proc/self/fd/" + file))) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw tooLarge(path, bytes.length);
            }
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.UNAVAILABLE, "cannot read /" + path + " of the image in " + root + ": " + e, e);
        }
    }

    private ImageException tooLarge(String path, long bytes) {
        return invalid(path, "has " + bytes + " bytes or more; expected at most " + MAX_BYTES);
    }

    private ImageException invalid(String path, String fault) {
        return new ImageException(
                ErrorKind.INVALID, "/" + path + " of the image in " + root + " " + fault + "; the image is damaged");
    }

    @Override
    public void close() {
        int ignored = calls.close(directory);
    }
}
