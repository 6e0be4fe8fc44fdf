package io.lighterage.runtime.remote;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Something that is being made once for all who want it, in a thread of its own, so that who asks need not wait until
/// it is done.
final class Pending<T> {
    private final CompletableFuture<T> done = new CompletableFuture<>();
    private final String what;
    private final long begun = System.nanoTime();
    private final Thread thread;

    /// @param what what is being made, for messages
    Pending(String what, Supplier<T> maker) {
        this.what = what;
        this.thread = Thread.ofVirtual().name(what).start(() -> {
            try {
                done.complete(maker.get());
            } catch (RuntimeException | Error e) {
                done.completeExceptionally(e);
            }
        });
    }

    /// Waits until it is done, but no longer than `patience` from its beginning.
    ///
    /// @throws ImageException why it could not be made; UNAVAILABLE when it takes longer
    T await(Duration patience) {
        long left = Math.max(0, patience.toNanos() - (System.nanoTime() - begun));
        try {
            return done.get(left, TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof ImageException known
                    ? new ImageException(known.kind(), String.valueOf(known.getMessage()), known)
                    : new ImageException(ErrorKind.INTERNAL, what + " failed: " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new ImageException(
                    ErrorKind.UNAVAILABLE,
                    what + " is not done after " + patience.toSeconds() + " s; it goes on, try again later",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "waiting was interrupted: " + what, e);
        }
    }

    /// What was made; empty while it is not done, and when it failed.
    Optional<T> now() {
        return done.state() == java.util.concurrent.Future.State.SUCCESS
                ? Optional.of(done.resultNow())
                : Optional.empty();
    }

    boolean failed() {
        return done.isCompletedExceptionally();
    }

    /// Nanoseconds since it was begun.
    long age() {
        return System.nanoTime() - begun;
    }

    /// Interrupts the making, and gives what was made, now or later, to somebody who ends it.
    void end(Consumer<T> ending) {
        thread.interrupt();
        var ignored = done.thenAccept(ending);
    }

    /// As [#end], and lets the making go on until it is done.
    void then(Consumer<T> ending) {
        var ignored = done.thenAccept(ending);
    }
}
