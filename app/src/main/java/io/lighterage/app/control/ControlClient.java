package io.lighterage.app.control;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.TaskGroup;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Asks the processes that serve one root. A server that hangs or sends nonsense costs the timeout at most, and the
/// answers of the others are there all the same.
public final class ControlClient {
    private final ControlDirectory directory;
    private final Duration timeout;

    /// @param root the store's directory
    /// @param timeout for connecting, asking and being answered, all together
    public ControlClient(Path root, Duration timeout) {
        this.directory = ControlDirectory.of(root);
        this.timeout = timeout;
    }

    /// What the processes of the root said.
    ///
    /// @param answers results, in the order of the pids
    /// @param failures those that are there but gave none, in the order of the pids
    public record Answers(List<Answer> answers, List<Failure> failures) {
        public Answers {
            answers = List.copyOf(answers);
            failures = List.copyOf(failures);
        }
    }

    /// One process's result.
    public record Answer(long pid, JsonNode result) {}

    /// One process's failure: what it said, UNAVAILABLE when it did not answer in time, INVALID when it answered with
    /// something else.
    public record Failure(long pid, ImageException cause) {}

    /// Asks every live process at once.
    ///
    /// @param request the name of a request the servers have a handler for
    /// @param arguments a JSON object
    public Answers ask(String request, JsonNode arguments) {
        byte[] line = ControlMessage.request(request, arguments);
        List<Answer> answers = new ArrayList<>();
        List<Failure> failures = new ArrayList<>();
        try (ScheduledExecutorService watch = watch();
                TaskGroup group = new TaskGroup("control-ask")) {
            List<Question> questions = new ArrayList<>();
            for (long pid : directory.pids()) {
                questions.add(new Question(pid, group.fork(() -> tell(pid, line, watch))));
            }
            for (Question question : questions) {
                switch (question.reply().get()) {
                    case Told told -> answers.add(new Answer(question.pid(), told.result()));
                    case Failed failed -> failures.add(new Failure(question.pid(), failed.cause()));
                    case Absent ignored -> {}
                }
            }
            watch.shutdownNow();
        }
        return new Answers(answers, failures);
    }

    /// Asks one process.
    ///
    /// @throws ImageException NOT_FOUND when it serves nothing here, UNAVAILABLE when it does not answer in time,
    ///     what it answered with otherwise
    public JsonNode ask(long pid, String request, JsonNode arguments) {
        byte[] line = ControlMessage.request(request, arguments);
        try (ScheduledExecutorService watch = watch()) {
            Reply reply = tell(pid, line, watch);
            watch.shutdownNow();
            return switch (reply) {
                case Told told -> told.result();
                case Failed failed -> throw failed.cause();
                case Absent ignored ->
                    throw new ImageException(
                            ErrorKind.NOT_FOUND,
                            "process " + pid + " does not listen on " + directory.socket(pid) + "; it has ended");
            };
        }
    }

    private static ScheduledExecutorService watch() {
        return Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("control-watch").factory());
    }

    private record Question(long pid, TaskGroup.Subtask<Reply> reply) {}

    private sealed interface Reply {}

    private record Told(JsonNode result) implements Reply {}

    private record Failed(ImageException cause) implements Reply {}

    /// Nobody listens.
    private record Absent() implements Reply {}

    private Reply tell(long pid, byte[] line, ScheduledExecutorService watch) {
        String who = "process " + pid + " at " + directory.socket(pid);
        try (SocketPath path = SocketPath.of(directory, pid);
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                LineChannel lines = new LineChannel(channel, watch, ControlMessage.MAX_ANSWER_BYTES)) {
            Optional<byte[]> answer = lines.within(timeout, () -> {
                channel.connect(path.address());
                return converse(lines, line);
            });
            return answer.<Reply>map(bytes -> new Told(ControlMessage.resultOf(bytes)))
                    .orElseGet(() -> failed(ErrorKind.UNAVAILABLE, who + " ended before it answered", null));
        } catch (ConnectException e) {
            return new Absent();
        } catch (SocketTimeoutException e) {
            return failed(ErrorKind.UNAVAILABLE, who + " did not answer within " + timeout.toMillis() + " ms", e);
        } catch (IOException e) {
            boolean gone = !Files.exists(directory.socket(pid));
            return gone ? new Absent() : failed(ErrorKind.UNAVAILABLE, who + " cannot be asked: " + e, e);
        } catch (ImageException e) {
            return failed(e.kind(), who + ": " + e.getMessage(), e);
        }
    }

    /// A server that is busy answers before it has read anything, and closes: its answer can be read all the same.
    private static Optional<byte[]> converse(LineChannel lines, byte[] request) throws IOException {
        try {
            lines.write(request);
        } catch (ClosedChannelException e) {
            throw e; // by us: the time is over
        } catch (IOException e) {
            Optional<byte[]> answer = lines.read();
            if (answer.isPresent()) {
                return answer;
            }
            throw e;
        }
        return lines.read();
    }

    private static Failed failed(ErrorKind kind, String message, @Nullable Exception cause) {
        return new Failed(new ImageException(kind, message, cause));
    }
}
