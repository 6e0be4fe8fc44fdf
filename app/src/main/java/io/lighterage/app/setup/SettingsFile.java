package io.lighterage.app.setup;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;

/// A text file of somebody else's, replaced in one step and with the mode and owner it had.
public final class SettingsFile {
    private final Path file;

    /// @param file a link is followed
    public SettingsFile(Path file) {
        this.file = file.toAbsolutePath().normalize();
    }

    /// What it holds; nothing when there is no such file.
    ///
    /// @throws ImageException PRECONDITION when it cannot be read, INVALID when it is no text
    public String read() {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            return "";
        } catch (CharacterCodingException e) {
            throw new ImageException(
                    ErrorKind.INVALID, "cannot read " + file + ": it is no UTF-8 text; is it the right file?", e);
        } catch (IOException e) {
            String why = Files.isDirectory(file) ? "it is a directory" : e.toString();
            throw new ImageException(ErrorKind.PRECONDITION, "cannot read " + file + ": " + why, e);
        }
    }

    /// Makes it hold this text. Folders that are missing are made.
    ///
    /// @return false when it held that already, and was not touched
    /// @throws ImageException PRECONDITION when it cannot be written; the file is as it was
    public boolean write(String text) {
        if (Files.exists(file) && read().equals(text)) {
            return false;
        }
        Path target = file;
        Path part = target;
        try {
            boolean there = Files.exists(file);
            target = there ? file.toRealPath() : file;
            Files.createDirectories(Objects.requireNonNull(target.getParent()));
            part = target.resolveSibling("." + target.getFileName() + ".lighter");
            Files.deleteIfExists(part);
            Files.writeString(part, text, StandardOpenOption.CREATE_NEW);
            Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rw-r--r--"));
            if (there) {
                keepOwnership(target, part);
            }
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (IOException e) {
            forget(part, target);
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot write " + target + ": " + e + ". It is as it was; --dry-run prints what it should hold",
                    e);
        }
    }

    private static void keepOwnership(Path from, Path to) throws IOException {
        Map<String, Object> was = Files.readAttributes(from, "unix:uid,gid,permissions");
        Files.setAttribute(to, "unix:uid", was.get("uid"));
        Files.setAttribute(to, "unix:gid", was.get("gid"));
        Files.setAttribute(to, "posix:permissions", was.get("permissions"));
    }

    private static void forget(Path part, Path target) {
        try {
            if (!part.equals(target)) {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            Objects.requireNonNull(e); // what is said is why it could not be written
        }
    }
}
