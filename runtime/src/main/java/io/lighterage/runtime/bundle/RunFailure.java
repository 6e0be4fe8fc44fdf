package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import org.jspecify.annotations.Nullable;

/// A container that did not start.
public final class RunFailure extends ImageException {
    /// The container could not be made.
    public static final int NOT_MADE = 125;
    /// Its command cannot be executed.
    public static final int NOT_EXECUTABLE = 126;
    /// Its command does not exist.
    public static final int NO_COMMAND = 127;

    private static final long serialVersionUID = 1L;

    private final int exitCode;

    RunFailure(ErrorKind kind, int exitCode, String message, @Nullable Throwable cause) {
        super(kind, message, cause);
        this.exitCode = exitCode;
    }

    /// What a command that runs containers ends with, as docker does: 125, 126 or 127.
    public int exitCode() {
        return exitCode;
    }
}
