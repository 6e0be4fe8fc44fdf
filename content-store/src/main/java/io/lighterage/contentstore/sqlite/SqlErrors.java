package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/// Gives a failed SQL statement its kind and its remedy.
final class SqlErrors {
    /// SQLite says "I/O error" when its shared-memory file cannot grow; with less than this free, that is why.
    private static final long AS_GOOD_AS_FULL = 256 * 1024;

    private SqlErrors() {}

    /// @param what completes "cannot …"
    static ImageException of(String what, Path file, SQLException cause) {
        String text = "cannot " + what + " in " + file + ": " + cause.getMessage();
        if (!(cause instanceof SQLiteException failure)) {
            return new ImageException(ErrorKind.INTERNAL, text, cause);
        }
        Path parent = file.getParent();
        long free = parent == null ? Long.MAX_VALUE : parent.toFile().getUsableSpace();
        SQLiteErrorCode code = failure.getResultCode();
        // The low byte is the primary code; the rest says more of the same.
        ErrorKind kind = switch (code.code & 0xff) {
            case 5, 6 -> ErrorKind.UNAVAILABLE; // BUSY, LOCKED
            case 3, 8, 14, 23 -> ErrorKind.DENIED; // PERM, READONLY, CANTOPEN, AUTH
            case 11, 26 -> ErrorKind.CORRUPT; // CORRUPT, NOTADB
            case 7, 13 -> ErrorKind.EXHAUSTED; // NOMEM, FULL
            case 10 -> free < AS_GOOD_AS_FULL ? ErrorKind.EXHAUSTED : ErrorKind.INTERNAL; // IOERR
            default -> ErrorKind.INTERNAL;
        };
        return new ImageException(kind, text + remedy(kind, file, free), cause);
    }

    private static String remedy(ErrorKind kind, Path file, long free) {
        return switch (kind) {
            case UNAVAILABLE -> "; another process has held the database for too long: try again when it is done";
            case DENIED -> "; run as the owner of the directory or choose a writable one with --root";
            case CORRUPT ->
                "; move " + file + "* away, pull your images again before any `lighter gc` (blobs already on disk"
                        + " are found and not downloaded again), then run `lighter fsck`";
            case EXHAUSTED -> "; " + free + " bytes are free: free some space (`lighter gc`) or choose another --root";
            default -> "";
        };
    }
}
