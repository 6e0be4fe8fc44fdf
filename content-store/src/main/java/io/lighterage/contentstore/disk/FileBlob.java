package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/// A blob of the store. Stays readable when the collector removes the file meanwhile.
final class FileBlob implements Blob {
    private final Path path;
    private final SteadyFile file;
    private final long size;
    private final AtomicBoolean closed = new AtomicBoolean();

    private FileBlob(Path path, SteadyFile file, long size) {
        this.path = path;
        this.file = file;
        this.size = size;
    }

    static FileBlob open(Path path, long size) throws IOException {
        return new FileBlob(path, SteadyFile.open(path, Set.of(StandardOpenOption.READ)), size);
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
        if (closed.get()) {
            throw new ImageException(ErrorKind.PRECONDITION, "cannot read " + path + ": the blob is closed");
        }
        try {
            int count = file.read(position, target);
            if (count < 0) {
                throw new ImageException(
                        ErrorKind.CORRUPT,
                        path + " ends at or before " + position + "; expected " + size + " bytes; run `lighter fsck`");
            }
            return count;
        } catch (IOException e) {
            throw FileErrors.of("cannot read at " + position, path, e);
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
