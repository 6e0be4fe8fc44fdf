package io.lighterage.runtime.remote;

import io.lighterage.contentstore.ImageException;
import io.lighterage.runtime.ImageRuntime;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// Frees the layers of images that could not be opened: no image is recorded for them, so nobody else would.
/// Thread-safe.
final class StrayLayers implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(StrayLayers.class.getName());

    /// Whoever tries again at once finds what the first attempt has brought.
    private static final int AFTER_SECONDS = 5;

    private final ImageRuntime runtime;
    private final Executor later = CompletableFuture.delayedExecutor(AFTER_SECONDS, TimeUnit.SECONDS);
    private final AtomicBoolean wanted = new AtomicBoolean();
    private boolean closed;

    /// Begins with those of an earlier process, which may have been killed.
    StrayLayers(ImageRuntime runtime) {
        this.runtime = runtime;
        look();
    }

    /// Has it done in a while. Never waits.
    void look() {
        if (wanted.compareAndSet(false, true)) {
            later.execute(this::free);
        }
    }

    private synchronized void free() {
        wanted.set(false);
        if (closed) {
            return;
        }
        try {
            long freed = runtime.freeStrayLayers();
            LOG.log(System.Logger.Level.DEBUG, () -> "freed " + freed + " bytes of layers without an image");
        } catch (ImageException e) {
            LOG.log(System.Logger.Level.WARNING, "layers without an image stay for now: " + e.getMessage(), e);
        }
    }

    /// Afterwards the runtime is not used any more.
    @Override
    public synchronized void close() {
        closed = true;
    }
}
