package io.lighterage.remotesnapshotter.fetch;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// One blob on its way into the store.
public final class LayerFetch {
    private final Descriptor descriptor;
    private final CompletableFuture<Void> stored = new CompletableFuture<>();
    private CompletableFuture<Blob> bytes = new CompletableFuture<>();
    private boolean watched;

    LayerFetch(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    public Descriptor descriptor() {
        return descriptor;
    }

    /// The blob's bytes, readable while they arrive: a read waits for its first byte. Until [#awaitStored] returns
    /// they are unverified. The caller closes the blob.
    ///
    /// @throws ImageException the failure of the fetch, or CANCELLED when the waiting thread is interrupted
    public Blob bytes() {
        CompletableFuture<Blob> opening;
        synchronized (this) {
            watched = true;
            opening = bytes;
        }
        return await(opening);
    }

    /// As [#bytes] for the first caller, and empty for every later one, who has to open the stored blob.
    public Optional<Blob> openOnce() {
        synchronized (this) {
            if (watched) {
                return Optional.empty();
            }
        }
        return Optional.of(bytes());
    }

    /// Waits until the blob is verified and durable.
    ///
    /// @throws ImageException the failure of the fetch, or CANCELLED when the waiting thread is interrupted
    public void awaitStored() {
        await(stored);
    }

    /// Forgets the bytes opened so far, unless somebody reads them: those cannot be taken back.
    ///
    /// @return whether the fetch may start over
    synchronized boolean restart() {
        if (!watched) {
            bytes = new CompletableFuture<>();
        }
        return !watched;
    }

    synchronized void opened(Blob blob) {
        bytes.complete(blob);
    }

    void finished() {
        stored.complete(null);
    }

    synchronized void failed(Throwable cause) {
        bytes.completeExceptionally(cause);
        stored.completeExceptionally(cause);
    }

    private <T extends @org.jspecify.annotations.Nullable Object> T await(CompletableFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ImageException cause) {
                throw cause;
            }
            throw new ImageException(ErrorKind.INTERNAL, "fetching " + descriptor.digest() + " failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for " + descriptor.digest(), e);
        }
    }
}
