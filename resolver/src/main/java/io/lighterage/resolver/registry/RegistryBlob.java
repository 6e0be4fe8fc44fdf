package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest.ByteRange;
import io.lighterage.resolver.RemoteBlob;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import okio.BufferedSource;
import org.jspecify.annotations.Nullable;

/// Parts of one blob straight from the registry, or from the addresses its descriptor names where the registry has
/// none.
final class RegistryBlob implements RemoteBlob {
    /// What OkHttp has in hand at once; waiting for more would only delay what is complete already.
    private static final int PIECE = 8 << 10;
    /// An attempt that brought this much did not fail for the reason the one before did.
    private static final long PROGRESS = 256 << 10;

    private final Descriptor descriptor;
    private final Supplier<List<Supplier<BlobRoute>>> opening;
    private final RetryPolicy retry;
    private final StreamPermits permits;
    private final AtomicLong requests = new AtomicLong();
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile @Nullable BlobRoute chosen;

    /// @param opening the places to ask, the registry first; called when the first byte is wanted
    RegistryBlob(
            Descriptor descriptor,
            Supplier<List<Supplier<BlobRoute>>> opening,
            RetryPolicy retry,
            StreamPermits permits) {
        this.descriptor = descriptor;
        this.opening = opening;
        this.retry = retry;
        this.permits = permits;
    }

    @Override
    public long size() {
        return descriptor.size();
    }

    @Override
    public long requests() {
        return requests.get();
    }

    @Override
    public boolean ignoresRanges() {
        BlobRoute known = chosen;
        return known != null && known.ranges().ignored();
    }

    @Override
    public int read(long position, ByteBuffer target) {
        if (position >= size()) {
            return -1;
        }
        int count = (int) Math.min(target.remaining(), size() - position);
        stream(position, count, DEMAND, target::put);
        return count;
    }

    @Override
    public void stream(long offset, long length, int priority, Consumer<ByteBuffer> pieces) {
        if (offset < 0 || length < 0 || length > size() - offset) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot read " + length + " bytes at " + offset + " of blob " + descriptor.digest() + ": it has "
                            + size() + " bytes");
        }
        if (closed.get()) {
            throw new ImageException(ErrorKind.CANCELLED, "cannot read blob " + descriptor.digest() + ": it is closed");
        }
        if (length > 0) {
            new Stream(offset, offset + length, priority, pieces).run();
        }
    }

    @Override
    public void close() {
        closed.set(true);
    }

    /// One logical request.
    private final class Stream {
        private final long end;
        private final int priority;
        private final Consumer<ByteBuffer> pieces;
        private final ByteBuffer buffer;
        private long at;

        Stream(long offset, long end, int priority, Consumer<ByteBuffer> pieces) {
            this.at = offset;
            this.end = end;
            this.priority = priority;
            this.pieces = pieces;
            this.buffer = ByteBuffer.allocateDirect((int) Math.min(PIECE, end - offset));
        }

        void run() {
            BlobRoute known = chosen;
            if (known != null) {
                readToEnd(known);
                return;
            }
            RegistryFailure absent = null;
            for (Supplier<BlobRoute> route : opening.get()) {
                try {
                    readToEnd(route.get());
                    return;
                } catch (RegistryFailure failure) {
                    if (absent == null && failure.kind() != ErrorKind.NOT_FOUND) {
                        throw failure;
                    }
                    if (absent == null) {
                        absent = failure;
                    } else {
                        absent.addSuppressed(failure);
                    }
                }
            }
            throw absent != null ? absent : new IllegalStateException("no place to read " + descriptor.digest());
        }

        private void readToEnd(BlobRoute route) {
            int failures = 0;
            while (at < end) {
                long begun = at;
                try (Permits.Permit _ = permits.acquire(priority, at)) {
                    requests.incrementAndGet();
                    readOne(route);
                    failures = 0;
                } catch (RegistryFailure failure) {
                    failures = at - begun >= PROGRESS ? 1 : failures + 1;
                    retry.pause(failure, failures);
                }
            }
        }

        private void readOne(BlobRoute route) {
            try (BlobBody body = route.open(new ByteRange(at, end - at))) {
                chosen = route;
                try {
                    BufferedSource source = body.reply().body();
                    if (body.offset() < at) {
                        source.skip(at - body.offset());
                    }
                    copy(source, Math.min(end, body.end()));
                    if (body.end() > end || body.reply().length() < 0) {
                        body.reply().abandon(); // the rest is nobody's
                    }
                } catch (IOException e) {
                    body.reply().abandon();
                    throw route.broken(body, e);
                } catch (RuntimeException e) {
                    body.reply().abandon();
                    throw e;
                }
            }
        }

        private void copy(BufferedSource source, long until) throws IOException {
            while (at < until) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), until - at));
                if (source.read(buffer) < 0) {
                    throw new EOFException("the body ended too soon");
                }
                buffer.flip();
                at += buffer.remaining();
                pieces.accept(buffer);
            }
        }
    }
}
