package io.lighterage.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Whether a thread of any process is being killed: only a pending SIGKILL counts, which is also what every
/// other fatal signal becomes.
public final class DyingThread {
    private static final int SIGKILL = 9;

    private DyingThread() {}

    /// @param thread its number here; 0 for one in a namespace we do not see
    public static boolean isKilled(int thread) {
        try {
            return isKilled(Files.readString(Path.of("/proc/" + thread + "/status"), StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            return thread > 0;
        } catch (IOException e) {
            return false;
        }
    }

    /// @param status `/proc/<thread>/status`
    static boolean isKilled(String status) {
        for (String line : status.split("\n")) {
            if (line.startsWith("SigPnd:") || line.startsWith("ShdPnd:")) {
                long pending = Long.parseUnsignedLong(
                        line.substring("SigPnd:".length()).trim(), 16);
                if ((pending >>> (SIGKILL - 1) & 1) != 0) {
                    return true;
                }
            }
        }
        return false;
    }
}
