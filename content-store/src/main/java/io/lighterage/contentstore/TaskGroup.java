package io.lighterage.contentstore;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Subtasks that succeed or fail together: fork, join, fail fast, cancel siblings, keep their failures as suppressed.
///
/// Owned by one thread. Tasks run on virtual threads and are interrupted when one of them fails or the group closes.
public final class TaskGroup implements AutoCloseable {
    private final ExecutorService threads;
    private final List<Future<?>> tasks = new ArrayList<>();
    private final AtomicReference<@Nullable Throwable> first = new AtomicReference<>();

    public TaskGroup(String name) {
        threads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name(name + "-", 0).factory());
    }

    /// Starts a subtask; its value is there when [Subtask#get] returns.
    ///
    /// @throws ImageException the first failure, when a sibling has failed already
    public <T extends @Nullable Object> Subtask<T> fork(Callable<T> task) {
        try {
            Future<T> future = threads.submit(() -> call(task));
            tasks.add(future);
            return new Subtask<>(future);
        } catch (RejectedExecutionException e) {
            Throwable failure = first.get();
            throw unchecked(failure == null ? e : failure);
        }
    }

    private <T extends @Nullable Object> T call(Callable<T> task) throws Exception {
        try {
            return task.call();
        } catch (Throwable e) {
            noteFailure(e);
            throw e;
        }
    }

    /// Waits for every subtask. When one failed, throws its failure with those of its siblings suppressed.
    ///
    /// @throws ImageException the first failure, or CANCELLED when the waiting thread is interrupted
    public void join() {
        for (Future<?> task : tasks) {
            try {
                task.get();
            } catch (ExecutionException | CancellationException e) {
                if (first.get() == null) {
                    noteFailure(e);
                }
            } catch (InterruptedException e) {
                threads.shutdownNow();
                Thread.currentThread().interrupt();
                throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for subtasks", e);
            }
        }
        Throwable failure = first.get();
        if (failure != null) {
            throw unchecked(failure);
        }
    }

    /// What the owner should throw when it met `seen` on its own: the failure of the subtask that failed first, since
    /// that one cancelled the others and `seen` may be no more than its echo; else `seen` itself.
    @SuppressWarnings("ReferenceEquality") // an exception must not suppress itself
    public RuntimeException rootCause(RuntimeException seen) {
        Throwable failure = first.get();
        if (failure == null || failure == seen) {
            return seen;
        }
        RuntimeException root = unchecked(failure);
        root.addSuppressed(seen);
        return root;
    }

    private static RuntimeException unchecked(Throwable failure) {
        return switch (failure) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            default -> new ImageException(ErrorKind.INTERNAL, failure.toString(), failure);
        };
    }

    @SuppressWarnings("ReferenceEquality") // the same throwable object must not suppress itself
    private void noteFailure(Throwable failure) {
        if (first.compareAndSet(null, failure)) {
            threads.shutdownNow();
        } else {
            Throwable kept = first.get();
            if (kept != null && kept != failure) {
                kept.addSuppressed(failure);
            }
        }
    }

    /// One forked subtask.
    public static final class Subtask<T extends @Nullable Object> {
        private final Future<T> future;

        private Subtask(Future<T> future) {
            this.future = future;
        }

        /// Waits for the value.
        ///
        /// @throws ImageException the subtask's failure, or CANCELLED
        public T get() {
            try {
                return future.get();
            } catch (ExecutionException e) {
                throw unchecked(e.getCause() == null ? e : e.getCause());
            } catch (CancellationException e) {
                throw new ImageException(ErrorKind.CANCELLED, "a sibling failed first", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for a subtask", e);
            }
        }
    }

    /// Cancels what still runs and waits for it to end.
    @Override
    public void close() {
        threads.shutdownNow();
        threads.close();
    }
}
