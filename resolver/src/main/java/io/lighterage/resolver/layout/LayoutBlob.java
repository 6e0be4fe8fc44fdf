package io.lighterage.resolver.layout;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.disk.SteadyFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A blob file of a layout, opened when first read.
final class LayoutBlob implements Blob {
    private final Supplier<Path> place;
    private final long size;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable SteadyFile file;
    private boolean closed;

    /// @param place the file; throws when there is none
    LayoutBlob(Supplier<Path> place, long size) {
        this.place = place;
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
        int limit = target.limit();
        target.limit((int) Math.min(limit, target.position() + (size - position)));
        try {
            int count = file().read(position, target);
            if (count < 0) {
                throw new ImageException(
                        ErrorKind.CORRUPT,
                        place.get() + " ends at or before " + position + "; expected " + size
                                + " bytes. Copy the layout again");
            }
            return count;
        } catch (ClosedByInterruptException e) {
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while reading " + place.get(), e);
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.UNAVAILABLE, "cannot read " + place.get() + " at " + position + ": " + e, e);
        } finally {
            target.limit(limit);
        }
    }

    private SteadyFile file() throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw new ImageException(ErrorKind.PRECONDITION, "cannot read a blob of a layout: it is closed");
            }
            SteadyFile known = file;
            if (known == null) {
                known = SteadyFile.open(place.get(), Set.of(StandardOpenOption.READ));
                file = known;
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            SteadyFile known = file;
            file = null;
            if (known != null) {
                known.release();
            }
        } catch (IOException e) {
            throw new ImageException(ErrorKind.INTERNAL, "cannot close " + place.get() + ": " + e, e);
        } finally {
            lock.unlock();
        }
    }
}
