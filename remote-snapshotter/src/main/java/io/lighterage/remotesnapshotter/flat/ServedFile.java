package io.lighterage.remotesnapshotter.flat;

import java.nio.file.Path;

/// A flat file that a [FlatServer] shows.
public final class ServedFile implements AutoCloseable {
    private final Path path;
    private final Runnable end;
    private boolean closed;

    ServedFile(Path path, Runnable end) {
        this.path = path;
        this.end = end;
    }

    /// Where this process opens it; must not be read by it, which would wait for itself.
    public Path path() {
        return path;
    }

    /// Gives its content up: reads that wait fail with `EIO`, and so do later ones of what the kernel has not
    /// cached, unless another user shows the same content.
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            end.run();
        }
    }
}
