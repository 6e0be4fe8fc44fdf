package io.lighterage.runtime;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.remotesnapshotter.apply.TreeRemover;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// A directory that is filled out of sight and appears under its name in one rename, whole or not at all.
///
/// A mount point cannot be replaced by a rename, and neither can a directory whose parent is not ours to write; those
/// are filled in place, and emptied again when the work fails.
final class StagedDirectory implements AutoCloseable {
    private static final String MARK = ".lighter-";
    private static final FileCalls CALLS = new NativeFileCalls();

    /// Unless a layer says otherwise; users of a container that are not root have to get in.
    private static final Set<PosixFilePermission> ROOT_OF_AN_IMAGE = PosixFilePermissions.fromString("rwxr-xr-x");

    private final Path target;
    private final Path path;
    private boolean published;

    private StagedDirectory(Path target, Path path) {
        this.target = target;
        this.path = path;
    }

    /// @throws ImageException PRECONDITION when the target holds something, DENIED when it cannot be made
    static StagedDirectory toBecome(Path wanted) {
        Path target = wanted.toAbsolutePath().normalize();
        try {
            boolean exists = requireFree(target);
            Path parent = target.getParent();
            if (parent == null || (exists && (isMountPoint(target, parent) || !Files.isWritable(parent)))) {
                return new StagedDirectory(target, target);
            }
            Files.createDirectories(parent);
            removeLeftovers(target, parent);
            Path path = parent.resolve(
                    "." + target.getFileName() + MARK + ProcessHandle.current().pid());
            Files.createDirectory(path);
            Files.setPosixFilePermissions(path, ROOT_OF_AN_IMAGE); // whatever the umask
            return new StagedDirectory(target, path);
        } catch (IOException e) {
            throw failed("preparing", target, e);
        }
    }

    /// Where to write until [#publish].
    Path path() {
        return path;
    }

    void publish() {
        try {
            if (!path.equals(target)) {
                Files.move(path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
            published = true;
        } catch (DirectoryNotEmptyException e) {
            throw notEmpty(target, e);
        } catch (IOException e) {
            throw failed("publishing", target, e);
        }
    }

    /// Removes everything again unless it was published.
    @Override
    public void close() {
        if (published) {
            return;
        }
        TreeRemover.removeContents(CALLS, path);
        if (!path.equals(target)) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                throw failed("removing", path, e);
            }
        }
    }

    static ImageException failed(String action, Path path, IOException e) {
        ErrorKind kind = switch (e) {
            case AccessDeniedException ignored -> ErrorKind.DENIED;
            case NotDirectoryException ignored -> ErrorKind.PRECONDITION;
            case FileSystemException f when String.valueOf(f.getReason()).startsWith("No space") -> ErrorKind.EXHAUSTED;
            case FileSystemException ignored -> ErrorKind.PRECONDITION;
            default -> ErrorKind.INTERNAL;
        };
        return new ImageException(kind, action + " " + path + " failed: " + e, e);
    }

    private static boolean requireFree(Path target) throws IOException {
        if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        if (!Files.isDirectory(target)) {
            throw new ImageException(
                    ErrorKind.PRECONDITION, target + " is not a directory; choose a directory that does not exist yet");
        }
        try (DirectoryStream<Path> names = Files.newDirectoryStream(target)) {
            for (Path name : names) {
                if (!String.valueOf(name.getFileName()).equals("lost+found")) {
                    throw notEmpty(target, null);
                }
            }
        }
        return true;
    }

    private static ImageException notEmpty(Path target, @org.jspecify.annotations.Nullable IOException cause) {
        return new ImageException(
                ErrorKind.PRECONDITION,
                target + " is not empty; an image is unpacked only into a new or empty directory. Choose another"
                        + " directory or empty this one",
                cause);
    }

    private static boolean isMountPoint(Path target, Path parent) throws IOException {
        FileStore own = Files.getFileStore(target);
        return !own.equals(Files.getFileStore(parent))
                || !Files.getAttribute(target, "unix:dev").equals(Files.getAttribute(parent, "unix:dev"));
    }

    /// What killed processes left behind for this same target.
    private static void removeLeftovers(Path target, Path parent) throws IOException {
        String prefix = "." + target.getFileName() + MARK;
        try (DirectoryStream<Path> found = Files.newDirectoryStream(
                parent, entry -> String.valueOf(entry.getFileName()).startsWith(prefix))) {
            for (Path leftover : found) {
                String pid = String.valueOf(leftover.getFileName()).substring(prefix.length());
                boolean dead = pid.matches("\\d{1,9}")
                        && ProcessHandle.of(Long.parseLong(pid)).isEmpty();
                if (dead || pid.equals(Long.toString(ProcessHandle.current().pid()))) {
                    TreeRemover.removeContents(CALLS, leftover);
                    Files.deleteIfExists(leftover);
                }
            }
        }
    }
}
