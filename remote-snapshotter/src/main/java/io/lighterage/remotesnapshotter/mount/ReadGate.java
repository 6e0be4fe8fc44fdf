package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.remotesnapshotter.flat.ReadFailures;
import io.lighterage.remotesnapshotter.lazy.TreeContent;
import io.lighterage.stargz.index.LayerIndex.Kind;
import java.nio.ByteBuffer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/// Where reads of a mount wait for bytes that are not here, and where they fail.
///
/// What is here is read by the thread that asks. What is not is fetched by a virtual thread while the asking one looks
/// up from time to time: the kernel does not let a killed process go before its read is answered, so when the process
/// is dying the answer is `EINTR` at once. The fetch goes on, for whoever else wants the bytes; the buffer is touched
/// by the asking thread only, since it is gone when the answer has been given.
final class ReadGate implements AutoCloseable {
    /// How soon the process of a blocked read dies after it was killed.
    private static final long LOOK_MILLIS = 250;

    private final ImageTree tree;
    private final BooleanSupplier requesterKilled;
    private final ExecutorService fetches = Executors.newVirtualThreadPerTaskExecutor();
    private final ReadFailures failures = new ReadFailures();

    /// @param requesterKilled whether the process that the calling thread is answering is being killed
    ReadGate(ImageTree tree, BooleanSupplier requesterKilled) {
        this.tree = tree;
        this.requesterKilled = requesterKilled;
    }

    /// Reads a file.
    ///
    /// @return bytes put into `target`, or `-errno`
    int read(long node, long offset, ByteBuffer target) {
        try {
            long size = tree.kind(node) == Kind.REGULAR ? tree.size(node) : 0;
            long count = Math.min(target.remaining(), size - offset);
            if (count <= 0) {
                return 0;
            }
            TreeContent content = tree.layer(node).content();
            long at = tree.flatOffset(node) + offset;
            if (!content.isHere(at, count) && !fetch(content, at, count)) {
                return -Errno.EINTR;
            }
            return tree.read(node, offset, target);
        } catch (ImageException e) {
            failures.report(tree.layer(node).index().layer(), tree.path(node), offset, target.capacity(), e);
            return -Errno.EIO;
        }
    }

    /// @return false when the requester died meanwhile
    private boolean fetch(TreeContent content, long at, long count) {
        Future<?> fetch;
        try {
            fetch = fetches.submit(() -> content.ensure(at, count));
        } catch (RejectedExecutionException e) {
            throw new ImageException(ErrorKind.CANCELLED, "the mount is being closed", e);
        }
        while (true) {
            try {
                fetch.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                return true;
            } catch (TimeoutException e) {
                if (requesterKilled.getAsBoolean()) {
                    return false;
                }
            } catch (ExecutionException e) {
                throw e.getCause() instanceof ImageException failure
                        ? failure
                        : new ImageException(ErrorKind.INTERNAL, "fetching failed: " + e.getCause(), e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ImageException(ErrorKind.CANCELLED, "waiting for the bytes was interrupted", e);
            }
        }
    }

    /// Fails reads that wait and all later ones that would; the fetches behind them are interrupted.
    @Override
    public void close() {
        fetches.shutdownNow();
    }
}
