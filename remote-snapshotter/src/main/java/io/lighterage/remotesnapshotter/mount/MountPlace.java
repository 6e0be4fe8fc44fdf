package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// What must hold before libfuse is asked to mount: it only prints its complaints, so they are found here first.
///
/// @param device `/dev/fuse`
/// @param searchPath folders that programs are in
/// @param root whether we are root
record MountPlace(Path device, List<Path> searchPath, boolean root) {
    static MountPlace ofThisMachine(boolean root) {
        String path = System.getenv().getOrDefault("PATH", "");
        List<Path> folders = Arrays.stream((path + ":/bin:/usr/bin").split(":"))
                .filter(folder -> !folder.isEmpty())
                .map(Path::of)
                .toList();
        return new MountPlace(Path.of("/dev/fuse"), folders, root);
    }

    /// @return the directory without symlinks in its path
    /// @throws ImageException NOT_FOUND, PRECONDITION, UNSUPPORTED or DENIED
    Path check(Path directory) {
        Path real = real(directory);
        if (!Files.isDirectory(real)) {
            throw failure(ErrorKind.PRECONDITION, directory, "it is no directory; name an empty directory");
        }
        checkEmpty(real);
        checkMachine(directory);
        if (!root && !Files.isWritable(real)) {
            throw failure(
                    ErrorKind.DENIED,
                    directory,
                    "this user may not write to it, and only root may mount there then; name a directory of yours");
        }
        return real;
    }

    /// What must hold for a mount on any directory.
    ///
    /// @throws ImageException UNSUPPORTED or DENIED
    void checkMachine(Path directory) {
        checkDevice(directory);
        if (!root) {
            checkProgram(directory);
        }
    }

    private static Path real(Path directory) {
        try {
            return directory.toRealPath();
        } catch (NoSuchFileException e) {
            throw new ImageException(
                    ErrorKind.NOT_FOUND,
                    "cannot mount on " + directory + ": there is no such directory; make it first",
                    e);
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot mount on " + directory + ": " + e.getMessage()
                            + "; if a mount there has lost its server, `umount` it first",
                    e);
        }
    }

    private static void checkEmpty(Path directory) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            if (entries.iterator().hasNext()) {
                throw failure(
                        ErrorKind.PRECONDITION,
                        directory,
                        "it is not empty, and what is in it would be hidden; name an empty directory");
            }
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.DENIED, "cannot mount on " + directory + ": it cannot be listed: " + e.getMessage(), e);
        }
    }

    private void checkDevice(Path directory) {
        if (!Files.exists(device)) {
            throw failure(
                    ErrorKind.UNSUPPORTED,
                    directory,
                    device + " is not there; load the module (modprobe fuse), or give the container the device (docker"
                            + " run --device /dev/fuse)");
        }
        if (!Files.isReadable(device) || !Files.isWritable(device)) {
            throw failure(
                    ErrorKind.DENIED,
                    directory,
                    "this user may not open " + device + "; its permissions are usually 0666 (chmod 666 " + device
                            + "), or run as root");
        }
    }

    private void checkProgram(Path directory) {
        boolean found = Unmounter.PROGRAMS.stream()
                .anyMatch(
                        program -> searchPath.stream().anyMatch(folder -> Files.isExecutable(folder.resolve(program))));
        if (!found) {
            throw failure(
                    ErrorKind.UNSUPPORTED,
                    directory,
                    "an ordinary user mounts through the program fusermount, which is not here; install it: apt-get"
                            + " install fuse3 (or fuse), or run as root");
        }
    }

    private static ImageException failure(ErrorKind kind, Path directory, String reason) {
        return new ImageException(kind, "cannot mount on " + directory + ": " + reason);
    }
}
