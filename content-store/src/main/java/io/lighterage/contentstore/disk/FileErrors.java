package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Gives a failed file operation its kind and its remedy.
public final class FileErrors {
    /// Below this much free space a failed write is taken for a full disk even when the message is in a language
    /// we do not read; a file-system block or two are never handed out.
    private static final long AS_GOOD_AS_FULL = 64 * 1024;

    private FileErrors() {}

    /// @param tried what was tried, such as "cannot write blob sha256:…"
    public static ImageException of(String tried, Path path, IOException cause) {
        String text = tried + " in " + path + ": " + reason(cause);
        if (cause instanceof ClosedByInterruptException) {
            return new ImageException(ErrorKind.CANCELLED, tried + " in " + path + ": interrupted", cause);
        }
        if (isFull(cause)) {
            return new ImageException(
                    ErrorKind.EXHAUSTED,
                    text + "; " + free(path)
                            + " bytes are free: free some space (`lighter gc`) or choose another --root",
                    cause);
        }
        if (cause instanceof AccessDeniedException || mentions(cause, "Permission denied", "Read-only file system")) {
            return new ImageException(
                    ErrorKind.DENIED,
                    text + "; run as the owner of the directory or choose a writable one with --root",
                    cause);
        }
        if (mentions(cause, "Too many open files")) {
            return new ImageException(ErrorKind.EXHAUSTED, text + "; raise the open file limit (ulimit -n)", cause);
        }
        return new ImageException(ErrorKind.INTERNAL, text + "; check the file system and the kernel log", cause);
    }

    /// As [#of] for a write, which also fails for want of space when the message does not say so.
    public static ImageException writing(String tried, Path path, IOException cause) {
        if (!(cause instanceof ClosedByInterruptException) && !isFull(cause) && free(path) < AS_GOOD_AS_FULL) {
            IOException named = new IOException("No space left on device (" + reason(cause) + ")", cause);
            return of(tried, path, named);
        }
        return of(tried, path, cause);
    }

    /// Bytes an ordinary user may still write to the file system of `path`, 0 when it cannot be told.
    static long free(Path path) {
        Path at = path.toAbsolutePath();
        while (at.getParent() != null && !at.toFile().exists()) {
            at = at.getParent();
        }
        return at.toFile().getUsableSpace();
    }

    private static boolean isFull(IOException cause) {
        return mentions(cause, "No space left on device", "Disk quota exceeded");
    }

    private static boolean mentions(IOException cause, String... phrases) {
        String message = String.valueOf(cause.getMessage());
        for (String phrase : phrases) {
            if (message.contains(phrase)) {
                return true;
            }
        }
        return false;
    }

    private static String reason(IOException cause) {
        if (cause instanceof NoSuchFileException) {
            return "no such file";
        }
        return cause instanceof AccessDeniedException ? "permission denied" : String.valueOf(cause.getMessage());
    }
}
