package io.lighterage.contentstore;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;

/// What is known of an image that is, or last was, mounted on a directory.
///
/// @param directory absolute path
/// @param image its name, or the command that was started from it
/// @param pid the process that serves, or served, it
/// @param startedAt when it was mounted
/// @param endedAt when it was unmounted; empty while it is mounted, and when its process died
/// @param report how its reads went, as a JSON document; empty when nobody said
public record MountRecord(
        String directory, String image, long pid, Instant startedAt, Optional<Instant> endedAt, String report) {
    /// A report of a hundred slow reads with paths of the longest kind has less.
    public static final int MAX_REPORT_BYTES = 256 << 10;

    public MountRecord {
        if (!directory.startsWith("/")) {
            throw new ImageException(
                    ErrorKind.INVALID, "'" + directory + "' cannot be recorded as mounted; expected an absolute path");
        }
        int bytes = report.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_REPORT_BYTES) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the report on " + directory + " has " + bytes + " bytes; expected at most " + MAX_REPORT_BYTES);
        }
    }

    /// A mount that begins.
    public static MountRecord started(String directory, String image, long pid, Instant at) {
        return new MountRecord(directory, image, pid, at, Optional.empty(), "");
    }

    /// The same with what is known by now.
    public MountRecord withReport(String replaced) {
        return new MountRecord(directory, image, pid, startedAt, endedAt, replaced);
    }

    /// The same, unmounted.
    public MountRecord ended(Instant at) {
        return new MountRecord(directory, image, pid, startedAt, Optional.of(at), report);
    }
}
