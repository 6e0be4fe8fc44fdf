package io.lighterage.app.control;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `<root>/run`, where each serving process has a socket `<pid>.sock`. Nobody but the owner can get at them: who may
/// talk to a server may unmount what it serves.
///
/// @param path the directory
record ControlDirectory(Path path) {
    private static final Pattern SOCKET = Pattern.compile("([1-9][0-9]{0,9})\\.sock");

    static ControlDirectory of(Path root) {
        return new ControlDirectory(root.toAbsolutePath().normalize().resolve("run"));
    }

    /// Makes the directory, for its owner alone.
    ///
    /// @throws ImageException DENIED when that cannot be done
    void create() {
        var owner = PosixFilePermissions.fromString("rwx------");
        try {
            Files.createDirectories(path, PosixFilePermissions.asFileAttribute(owner));
            Files.setPosixFilePermissions(path, owner);
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.DENIED,
                    "cannot make " + path + " for control sockets: " + e + "; run as the owner of the root",
                    e);
        }
    }

    Path socket(long pid) {
        return path.resolve(pid + ".sock");
    }

    /// Processes that have a socket, dead ones among them, in ascending order.
    List<Long> pids() {
        List<Long> pids = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
            for (Path entry : entries) {
                Matcher name = SOCKET.matcher(String.valueOf(entry.getFileName()));
                if (name.matches()) {
                    pids.add(Long.valueOf(name.group(1)));
                }
            }
        } catch (NoSuchFileException e) {
            return List.of(); // nothing has ever been served here
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.DENIED, "cannot list " + path + ": " + e + "; run as the owner of the root", e);
        }
        pids.sort(null);
        return pids;
    }
}
