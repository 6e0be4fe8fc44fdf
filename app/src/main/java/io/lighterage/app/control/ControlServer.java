package io.lighterage.app.control;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/// Answers the commands of one root about what this process serves, on `<root>/run/<pid>.sock`. Clients are served at
/// once, each on a virtual thread; a handler may be called by several of them.
public final class ControlServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ControlServer.class.getName());

    /// What a server bears with.
    ///
    /// @param clients connections at once; another one is told to come back
    /// @param patience how long a client may take to send a request or to take an answer
    record Limits(int clients, Duration patience) {
        static final Limits USUAL = new Limits(32, Duration.ofSeconds(10));
    }

    private final Map<String, Function<JsonNode, JsonNode>> handlers;
    private final Limits limits;
    private final Path socket;
    private final ServerSocketChannel listener;
    private final Semaphore places;

    /// Shared by those who answer; whoever has it alone knows that no answer is under way.
    private final ReentrantReadWriteLock answering = new ReentrantReadWriteLock();

    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("control-", 0).factory());
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("control-watch").factory());

    private ControlServer(
            Map<String, Function<JsonNode, JsonNode>> handlers,
            Limits limits,
            Path socket,
            ServerSocketChannel listener) {
        this.handlers = Map.copyOf(handlers);
        this.limits = limits;
        this.socket = socket;
        this.listener = listener;
        this.places = new Semaphore(limits.clients());
    }

    /// Begins to listen. Sockets that dead processes left are removed.
    ///
    /// @param root the store's directory
    /// @param handlers what is done for a request, by its name: arguments (an object) in, result out. An
    ///     [ImageException] goes to the client with its kind
    /// @throws ImageException DENIED when the root is not ours, ALREADY_EXISTS when this process listens already
    public static ControlServer listen(Path root, Map<String, Function<JsonNode, JsonNode>> handlers) {
        return listen(root, ProcessHandle.current().pid(), handlers, Limits.USUAL);
    }

    static ControlServer listen(
            Path root, long pid, Map<String, Function<JsonNode, JsonNode>> handlers, Limits limits) {
        ControlDirectory directory = ControlDirectory.of(root);
        directory.create();
        try {
            removeStale(directory, pid);
            Path socket = directory.socket(pid);
            ServerSocketChannel listener = bind(directory, pid);
            // Until here the directory's own permissions have kept others out.
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            ControlServer server = new ControlServer(handlers, limits, socket, listener);
            server.threads.execute(server::accept);
            return server;
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.DENIED,
                    "cannot listen on " + directory.socket(pid) + ": " + e + "; run as the owner of the root",
                    e);
        }
    }

    private static ServerSocketChannel bind(ControlDirectory directory, long pid) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try (SocketPath path = SocketPath.of(directory, pid)) {
            return listener.bind(path.address());
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    /// Nobody listens on a socket when its process is dead *and* it refuses connections: a process of another pid
    /// namespace looks dead, and one that is about to listen refuses.
    private static void removeStale(ControlDirectory directory, long own) throws IOException {
        for (long pid : directory.pids()) {
            boolean mayBeDead = pid == own || ProcessHandle.of(pid).isEmpty();
            if (!mayBeDead) {
                continue;
            }
            if (!isAnswered(directory, pid)) {
                Files.deleteIfExists(directory.socket(pid));
            } else if (pid == own) {
                throw new ImageException(
                        ErrorKind.ALREADY_EXISTS, "this process listens on " + directory.socket(pid) + " already");
            }
        }
    }

    private static boolean isAnswered(ControlDirectory directory, long pid) {
        try (SocketPath path = SocketPath.of(directory, pid);
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.configureBlocking(false);
            return channel.connect(path.address());
        } catch (IOException e) {
            return false;
        }
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                SocketChannel client = listener.accept();
                threads.execute(() -> serve(client));
            } catch (ClosedChannelException | RejectedExecutionException e) {
                return; // closed by us
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "cannot accept on " + socket + ": " + e, e);
                pause(); // out of descriptors, most likely: trying again at once would only burn time
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(Duration.ofMillis(100));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(SocketChannel client) {
        boolean place = places.tryAcquire();
        try (LineChannel lines = new LineChannel(client, watch, ControlMessage.MAX_REQUEST_BYTES)) {
            if (place) {
                converse(lines);
            } else {
                byte[] busy = ControlMessage.error(
                        ErrorKind.RATE_LIMITED, "busy with " + limits.clients() + " clients; try again");
                send(lines, busy);
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "a client of " + socket + " is gone: " + e, e);
        } finally {
            if (place) {
                places.release();
            }
        }
    }

    private void converse(LineChannel lines) throws IOException {
        Optional<byte[]> line = lines.within(limits.patience(), lines::read);
        while (line.isPresent()) {
            answering.readLock().lock();
            try {
                send(lines, answer(line.get()));
            } finally {
                answering.readLock().unlock();
            }
            line = lines.within(limits.patience(), lines::read);
        }
    }

    private void send(LineChannel lines, byte[] answer) throws IOException {
        lines.within(limits.patience(), () -> {
            lines.write(answer);
            return true;
        });
    }

    @SuppressWarnings("CatchingUnchecked") // whatever a handler does, the client gets an answer
    private byte[] answer(byte[] line) {
        try {
            byte[] answer = ControlMessage.result(handle(ControlMessage.parse(line)));
            return answer.length <= ControlMessage.MAX_ANSWER_BYTES
                    ? answer
                    : ControlMessage.error(ErrorKind.EXHAUSTED, "the answer has " + answer.length + " bytes");
        } catch (ImageException e) {
            return ControlMessage.error(e.kind(), e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "a request on " + socket + " failed", e);
            return ControlMessage.error(ErrorKind.INTERNAL, e.toString());
        }
    }

    private JsonNode handle(JsonNode request) {
        String name = request.path("request").asString("");
        Function<JsonNode, JsonNode> handler = handlers.get(name);
        if (handler == null) {
            throw new ImageException(
                    ErrorKind.NOT_FOUND,
                    "no request '" + name + "' is known here; expected one of " + new TreeSet<>(handlers.keySet()));
        }
        JsonNode arguments = request.path("arguments");
        return handler.apply(arguments.isObject() ? arguments : ControlMessage.object());
    }

    /// Stops listening, gives answers under way the time to be given, and ends conversations. Not to be called by a
    /// handler, which would wait for itself: let it wake the thread that owns the server.
    @Override
    public void close() {
        try {
            listener.close();
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot remove " + socket + ": " + e, e);
        }
        awaitAnswers();
        threads.shutdownNow();
        threads.close();
        watch.shutdownNow();
    }

    private void awaitAnswers() {
        try {
            if (answering.writeLock().tryLock(limits.patience().toNanos(), TimeUnit.NANOSECONDS)) {
                answering.writeLock().unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
