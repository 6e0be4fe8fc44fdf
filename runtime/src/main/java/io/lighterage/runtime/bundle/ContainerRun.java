package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.ProcessEnd;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Runs a container by runc until it has printed a line, its time has passed, or it has ended; then kills and removes
/// it, whatever happened. Also when the JVM is told to end (SIGINT, SIGTERM) or the calling thread is interrupted.
///
/// One call of [#run] an object.
public final class ContainerRun {
    private static final System.Logger LOG = System.getLogger(ContainerRun.class.getName());

    /// runc needs tens of milliseconds to make or unmake a container; a machine under load a hundred times that.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final long KILL_AGAIN_MILLIS = 50;

    private static final Pattern EXEC_FAILURE =
            Pattern.compile("exec /.*: (?:exec format error|no such file or directory|permission denied)");

    /// What happened, in order.
    private sealed interface Event {}

    private record LineSeen(String line, long nanos) implements Event {}

    private record Ended(long nanos) implements Event {}

    private final Runc runc;
    private final RunRequest request;
    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final Object removal = new Object();
    private final AtomicLong linesSeen = new AtomicLong();
    private volatile String firstLine = "";
    private boolean removed;

    private ContainerRun(Runc runc) {
        this.runc = runc;
        this.request = runc.request();
    }

    /// Runs the container with the `runc` found in the environment's PATH.
    ///
    /// @throws RunFailure when it could not be started; its code is docker's
    /// @throws ImageException CANCELLED when the thread is interrupted
    public static RunResult run(RunRequest request) {
        String path = System.getenv().getOrDefault("PATH", "");
        return run(Runc.find(path), request);
    }

    static RunResult run(Path program, RunRequest request) {
        return new ContainerRun(new Runc(program, request)).run();
    }

    private RunResult run() {
        long began = System.nanoTime();
        Process process = start();
        // Reading a pipe blocks its carrier, so these are platform threads.
        Thread out = watcher("stdout", new LineWatch(process.getInputStream(), request.out(), this::look));
        Thread err = watcher("stderr", new LineWatch(process.getErrorStream(), request.err(), this::look));
        Thread hook = Thread.ofPlatform().name("remove-" + request.id()).unstarted(() -> remove(process));
        RunResult result;
        try {
            ProcessEnd.before(hook);
            result = watch(process, began, out, err);
        } catch (IllegalStateException e) {
            throw new ImageException(ErrorKind.CANCELLED, "this process is ending", e);
        } finally {
            boolean interrupted = Thread.interrupted();
            remove(process);
            ProcessEnd.forget(hook);
            join(out);
            join(err);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (result.ending() == Ending.EXIT) {
            requireStarted(result.exitCode().orElse(0));
        }
        return result;
    }

    private Process start() {
        try {
            return runc.run();
        } catch (IOException e) {
            throw new RunFailure(
                    ErrorKind.UNSUPPORTED, RunFailure.NOT_MADE, "cannot run " + runc.program() + ": " + e, e);
        }
    }

    private RunResult watch(Process process, long began, Thread out, Thread err) {
        Thread end = Thread.ofVirtual().name("wait-" + request.id()).start(() -> awaitEnd(process, out, err));
        try {
            Event event = await(began);
            return switch (event) {
                case LineSeen seen -> result(Ending.LINE, seen.nanos() - began, OptionalInt.empty(), seen.line());
                case Ended ended -> result(Ending.EXIT, ended.nanos() - began, OptionalInt.of(process.exitValue()), "");
                case null -> result(Ending.TIME, System.nanoTime() - began, OptionalInt.empty(), "");
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(
                    ErrorKind.CANCELLED, "interrupted while container " + request.id() + " ran; it is removed", e);
        } finally {
            end.interrupt();
        }
    }

    private Thread watcher(String stream, LineWatch watch) {
        return Thread.ofPlatform().daemon().name(request.id() + "-" + stream).start(watch);
    }

    private void look(String line) {
        if (linesSeen.incrementAndGet() == 1) {
            firstLine = line;
        }
        Optional<ReadyLine> until = request.until();
        if (until.isPresent() && until.get().matches(line)) {
            events.add(new LineSeen(line, System.nanoTime()));
        }
    }

    private @Nullable Event await(long began) throws InterruptedException {
        long left = saturatedNanos(request.limit()) - (System.nanoTime() - began);
        return events.poll(left, TimeUnit.NANOSECONDS);
    }

    private static long saturatedNanos(Duration duration) {
        return duration.compareTo(Duration.ofDays(10_000)) > 0 ? Long.MAX_VALUE : duration.toNanos();
    }

    /// The last thing a program prints may be the line that is waited for, so it is read to its end first.
    private void awaitEnd(Process process, Thread out, Thread err) {
        try {
            process.waitFor();
            long ended = System.nanoTime();
            out.join(PATIENCE);
            err.join(PATIENCE);
            events.add(new Ended(ended));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody waits for the end any more
        }
    }

    private static RunResult result(Ending ending, long nanos, OptionalInt exitCode, String line) {
        return new RunResult(ending, Duration.ofNanos(nanos), exitCode, line);
    }

    /// Kills and removes the container. Whoever comes second waits for the first.
    private void remove(Process process) {
        synchronized (removal) {
            if (removed) {
                return;
            }
            removed = true;
            try {
                kill(process);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                process.destroyForcibly();
            }
            if (!runc.delete()) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "container " + request.id() + " could not be removed; see 'runc --root "
                                + request.bundle().resolve("state") + " list'");
            }
        }
    }

    /// runc ends, and removes the container, when the container's first process does. It may not have made it yet.
    private void kill(Process process) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (process.isAlive() && System.nanoTime() - deadline < 0) {
            runc.kill();
            process.waitFor(KILL_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /// Nothing is passed on after the run is over, unless whoever takes the output does not take it.
    private static void join(Thread watcher) {
        try {
            if (!watcher.join(PATIENCE)) {
                LOG.log(System.Logger.Level.WARNING, "the output of " + watcher.getName() + " is not taken");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void requireStarted(int exitCode) {
        String error = runc.started() ? execFailure(exitCode) : runc.lastError();
        if (runc.started() && error.isEmpty()) {
            return;
        }
        String message = "cannot start container " + request.id() + ": "
                + (error.isEmpty() ? "runc ended with code " + exitCode : error);
        if (error.contains("executable file not found") || error.contains("no such file or directory")) {
            throw new RunFailure(
                    ErrorKind.NOT_FOUND,
                    RunFailure.NO_COMMAND,
                    message + "; expected a command, and an interpreter, that the image has",
                    null);
        }
        if (error.contains("permission denied") || error.contains("exec format error")) {
            throw new RunFailure(
                    ErrorKind.PRECONDITION,
                    RunFailure.NOT_EXECUTABLE,
                    message + "; expected an executable of this machine's architecture",
                    null);
        }
        throw new RunFailure(ErrorKind.PRECONDITION, RunFailure.NOT_MADE, message, null);
    }

    /// Whether the command exists is looked at before the container is started, whether it can be executed only then
    /// turns out: runc says so, as the only line that is ever printed, in the place of the command.
    private String execFailure(int exitCode) {
        boolean said = exitCode == 1
                && linesSeen.get() == 1
                && EXEC_FAILURE.matcher(firstLine).matches();
        return said ? firstLine : "";
    }
}
