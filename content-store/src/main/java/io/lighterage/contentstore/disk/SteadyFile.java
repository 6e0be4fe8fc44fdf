package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A file read and written by position that outlives the interruption of one of its threads.
///
/// An interrupted thread inside a [FileChannel] closes the channel for everybody. Here only that thread gets the
/// [ClosedByInterruptException]; the others find the channel opened again and repeat their operation. The file is
/// closed when every holder has let go.
public final class SteadyFile {
    private final Set<? extends OpenOption> options;
    private Path path;
    private @Nullable FileChannel channel;
    private int holders = 1;

    private SteadyFile(Path path, Set<? extends OpenOption> options, FileChannel channel) {
        this.path = path;
        this.options = options;
        this.channel = channel;
    }

    public static SteadyFile open(Path path, Set<? extends OpenOption> options) throws IOException {
        return new SteadyFile(path, options, FileChannel.open(path, options));
    }

    /// One more holder, to be matched by one more [#release].
    synchronized SteadyFile retain() {
        if (holders == 0) {
            throw new ImageException(ErrorKind.PRECONDITION, "cannot read " + path + ": it is closed");
        }
        holders++;
        return this;
    }

    public void release() throws IOException {
        FileChannel last = null;
        synchronized (this) {
            holders--;
            if (holders == 0) {
                last = channel;
                channel = null;
            }
        }
        if (last != null) {
            last.close();
        }
    }

    /// The file has this name from now on.
    synchronized void renamed(Path now) {
        path = now;
    }

    public int read(long position, ByteBuffer target) throws IOException {
        int start = target.position();
        while (true) {
            FileChannel at = current();
            try {
                return at.read(target, position);
            } catch (ClosedChannelException e) {
                target.position(start);
                reopenUnlessMine(e);
            }
        }
    }

    /// Writes all remaining bytes. When it fails, the buffer's position tells how much has been written.
    public void write(long position, ByteBuffer source) throws IOException {
        int first = source.position();
        while (source.hasRemaining()) {
            int start = source.position();
            FileChannel at = current();
            try {
                at.write(source, position + (start - first));
            } catch (ClosedChannelException e) {
                source.position(start);
                reopenUnlessMine(e);
            }
        }
    }

    /// Makes the contents durable.
    public void force() throws IOException {
        while (true) {
            FileChannel at = current();
            try {
                at.force(true);
                return;
            } catch (ClosedChannelException e) {
                reopenUnlessMine(e);
            }
        }
    }

    private synchronized FileChannel current() throws ClosedChannelException {
        FileChannel at = channel;
        if (at == null) {
            throw new ClosedChannelException();
        }
        return at;
    }

    private synchronized void reopenUnlessMine(ClosedChannelException cause) throws IOException {
        FileChannel at = channel;
        if (at == null) {
            throw cause;
        }
        // Whoever comes first replaces the closed channel, the others use the new one.
        if (!at.isOpen()) {
            channel = FileChannel.open(path, options);
        }
        if (cause instanceof ClosedByInterruptException) {
            throw cause;
        }
    }
}
