package io.lighterage.app.control;

import io.lighterage.linux.Descriptors;
import io.lighterage.linux.ErrnoException;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.NativeFileCalls;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/// An address for a socket whose path may be longer than the 107 bytes an address has room for: then the directory is
/// opened, and the socket addressed through `/proc/self/fd`. Good until closed.
final class SocketPath implements AutoCloseable {
    /// `sun_path` has 108 bytes with its NUL; the JDK wants one more for itself.
    private static final int LONGEST = 106;

    private static final FileCalls CALLS = new NativeFileCalls();
    private static final int NONE = -1;

    private final UnixDomainSocketAddress address;
    private final int directory;

    private SocketPath(UnixDomainSocketAddress address, int directory) {
        this.address = address;
        this.directory = directory;
    }

    static SocketPath of(ControlDirectory parent, long pid) throws IOException {
        Path path = parent.socket(pid);
        String text = path.toString();
        if (text.length() <= LONGEST && text.chars().allMatch(c -> c > 0 && c < 0x80)) {
            return new SocketPath(UnixDomainSocketAddress.of(path), NONE);
        }
        try {
            int directory = Descriptors.openDirectory(CALLS, parent.path());
            Path through = Path.of("/proc/self/fd", Integer.toString(directory), pid + ".sock");
            return new SocketPath(UnixDomainSocketAddress.of(through), directory);
        } catch (ErrnoException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    UnixDomainSocketAddress address() {
        return address;
    }

    @Override
    public void close() {
        if (directory != NONE) {
            int ignored = CALLS.close(directory);
        }
    }
}
