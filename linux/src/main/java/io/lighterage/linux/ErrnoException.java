package io.lighterage.linux;

import java.io.Serial;

/// A system call that failed where its caller had no use for a failure.
public final class ErrnoException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final int errno;
    private final String call;
    private final String path;

    /// @param errno positive error number, see [Errno]
    /// @param call name of the system call
    /// @param path what it was called on, printable; may be empty
    public ErrnoException(int errno, String call, String path) {
        super(call + (path.isEmpty() ? "" : " of '" + path + "'") + " failed: " + Errno.name(errno));
        this.errno = errno;
        this.call = call;
        this.path = path;
    }

    /// The positive error number, see [Errno].
    public int errno() {
        return errno;
    }

    public String call() {
        return call;
    }

    /// What the call was made on, printable; empty when it was a bare descriptor.
    public String path() {
        return path;
    }
}
