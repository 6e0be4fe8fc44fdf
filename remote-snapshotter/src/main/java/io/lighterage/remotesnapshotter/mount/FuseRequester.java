package io.lighterage.remotesnapshotter.mount;

import io.lighterage.linux.ForeignMemory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/// Whether the process whose request this thread is answering is being killed.
///
/// The kernel says *interrupted* for any signal, also those a program handles without expecting a read of a file to
/// end early; so only a pending SIGKILL counts, which is also what every other fatal signal becomes.
record FuseRequester(FuseLibrary.Functions functions) implements BooleanSupplier {
    private static final int SIGKILL = 9;

    @Override
    public boolean getAsBoolean() {
        if (functions.fuse_interrupted() == 0) {
            return false;
        }
        long context = functions.fuse_get_context();
        int thread = ForeignMemory.at(context, FuseLayouts.CONTEXT_BYTES).getInt(FuseLayouts.CONTEXT_PID);
        try {
            return isKilled(Files.readString(Path.of("/proc/" + thread + "/status"), StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            return thread > 0; // 0: in a namespace we do not see
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
