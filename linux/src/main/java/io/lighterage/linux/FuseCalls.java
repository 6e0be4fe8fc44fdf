package io.lighterage.linux;

import java.nio.ByteBuffer;

/// What a server of a FUSE file system asks of the kernel. Every call returns zero or more on success and
/// `-errno` on failure. [NativeFuseCalls] asks the kernel.
public interface FuseCalls {
    /// Opens `/dev/fuse`: a connection that nothing is mounted on yet.
    int open();

    /// Makes a read-only file system that the connection serves, for this process's user alone, and mounts it
    /// nowhere: it can be reached through the descriptor that is returned, and lives until that and
    /// everything opened through it are closed. Needs `CAP_SYS_ADMIN` and Linux 5.4.
    ///
    /// @param connection from [#open]; must be served before anything is opened
    /// @param source what the kernel names it in messages
    /// @param maxRead bytes of a read, at most
    /// @return a descriptor of its root directory
    int mountNowhere(int connection, String source, int maxRead);

    /// Takes one request, waiting for it. `-ENODEV`: the file system is gone.
    ///
    /// @param target direct; from its position to its limit there must be room for the largest request
    int receive(int connection, ByteBuffer target);

    /// Hands over one reply: the remaining bytes of a direct buffer, which are taken all at once. `-ENOENT`:
    /// nobody waits for it any more.
    int reply(int connection, ByteBuffer reply);

    int close(int descriptor);
}
