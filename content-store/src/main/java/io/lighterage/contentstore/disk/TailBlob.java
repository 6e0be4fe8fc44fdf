package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/// Reads a blob while it is being written. Keeps the file open for itself, past the ingest and its commit.
final class TailBlob implements Blob {
    private final Progress progress;
    private final SteadyFile file;
    private final Path path;
    private final long size;
    private final AtomicBoolean closed = new AtomicBoolean();

    /// @param file held for this reader; released by [#close]
    TailBlob(Progress progress, SteadyFile file, Path path, long size) {
        this.progress = progress;
        this.file = file;
        this.path = path;
        this.size = size;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public int read(long position, ByteBuffer target) {
        if (position >= size) {
            return -1;
        }
        if (!target.hasRemaining()) {
            return 0;
        }
        if (closed.get()) {
            throw new ImageException(ErrorKind.PRECONDITION, "cannot read " + path + ": the blob is closed");
        }
        long end = progress.awaitByte(position);
        int limit = target.limit();
        target.limit((int) Math.min(limit, target.position() + (end - position)));
        try {
            int count = file.read(position, target);
            if (count < 0) {
                throw new ImageException(
                        ErrorKind.CORRUPT, path + " ends at or before " + position + "; somebody cut it short");
            }
            return count;
        } catch (IOException e) {
            throw FileErrors.of("cannot read at " + position, path, e);
        } finally {
            target.limit(limit);
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                file.release();
            } catch (IOException e) {
                throw FileErrors.of("cannot close", path, e);
            }
        }
    }
}
