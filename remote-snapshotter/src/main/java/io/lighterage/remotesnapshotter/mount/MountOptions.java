package io.lighterage.remotesnapshotter.mount;

import java.time.Duration;
import java.util.Objects;

/// How a tree is mounted.
///
/// @param source what `findmnt` shows as the source; no commas
/// @param cacheTime how long the kernel may answer from its own memory. A tree never changes, so long
/// @param readAhead bytes the kernel reads ahead in a file read in sequence; 0 leaves what the kernel has (128 KiB).
///     Only root can set it
/// @param maxWorkers threads that answer the kernel, at most; each that waits for the network holds one, and 132 KiB
public record MountOptions(String source, Duration cacheTime, int readAhead, int maxWorkers) {
    /// Programs are faulted in page by page: of four images, starts needed 9 to 22 % more compressed bytes with the
    /// kernel's 128 KiB. Who reads in sequence is served ahead by the flat file.
    private static final int READ_AHEAD = 32 << 10;

    /// Where everything is here reading ahead costs nothing, and keeps several requests of 128 KiB under way.
    public static final int COMPLETE_READ_AHEAD = 1 << 20;

    /// More than the kernel's 48 requests in the background (see FuseTreeMounter), so that looking around goes on
    /// while all of those wait.
    private static final int WORKERS = 96;

    public static final MountOptions USUAL = new MountOptions("lighter", Duration.ofDays(30), READ_AHEAD, WORKERS);

    public MountOptions {
        Objects.requireNonNull(cacheTime);
        if (source.isEmpty() || source.contains(",")) {
            throw new IllegalArgumentException("mount source '" + source + "' is empty or holds a comma");
        }
        if (readAhead < 0 || maxWorkers < 1) {
            throw new IllegalArgumentException("read ahead " + readAhead + " bytes, " + maxWorkers + " workers");
        }
    }

    public MountOptions withSource(String text) {
        return new MountOptions(text, cacheTime, readAhead, maxWorkers);
    }
}
