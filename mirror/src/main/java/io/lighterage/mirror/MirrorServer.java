package io.lighterage.mirror;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/// An OCI registry (distribution specification 1.1) inside this process.
///
/// ```java
/// try (MirrorServer mirror = MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("demo/app", layout))) {
///     pull(mirror.hostPort() + "/demo/app:latest");
/// }
/// ```
///
/// A few platform threads (at most eight) move the connections, each request runs on a virtual thread and holds at
/// most one buffer of 256 KiB; at most 1024 connections are open. Closing cuts what is still in flight.
public final class MirrorServer implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 1024;
    // Longer than any stall a client waits out, so that the client's patience ends first.
    private static final long IDLE_MILLIS = 300_000;
    private static final long STOP_MILLIS = 2_000;
    private static final int MAX_THREADS = 8;
    private static final int THREAD_IDLE_MILLIS = 60_000;
    // More than the connections can ask for at once.
    private static final int MAX_TASKS = 16 * MAX_CONNECTIONS;
    private static final int POOLED_PER_SIZE = 64;
    private static final long POOLED_BYTES = 32L << 20;

    private final Server server;
    private final ExecutorService requests;
    private final InetSocketAddress bound;
    private final boolean tls;
    private final Faults faults;
    private final RequestLog log;
    private final TokenStore tokens;
    private final Optional<PushEndpoints> push;

    private MirrorServer(MirrorOptions options, Upstream upstream, InstantSource clock) {
        tls = options.tls().isPresent();
        faults = new Faults();
        log = new RequestLog();
        tokens = new TokenStore(clock);
        push = pushEndpoints(options, upstream);
        requests = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("mirror-request-", 0).factory());
        ArrayByteBufferPool buffers =
                new ArrayByteBufferPool(0, 4096, BodyWriter.BUFFER, POOLED_PER_SIZE, POOLED_BYTES, POOLED_BYTES);
        server = new Server(threads(requests), null, buffers);
        ServerConnector connector = connector(server, options);
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, server));
        RegistryApi api = new RegistryApi(new Gate(options.access(), tokens), new PullEndpoints(upstream), push);
        server.setHandler(new MirrorHandler(api, faults, log, new BodyWriter(buffers, faults)));
        server.setErrorHandler(new ErrorDocuments());
        server.setStopTimeout(0);
        try {
            server.start();
        } catch (Exception e) {
            close();
            throw new ImageException(
                    ErrorKind.UNAVAILABLE,
                    "start the mirror on " + options.address() + ": " + e.getMessage()
                            + "; expected a free port and, with TLS, a readable key store",
                    e);
        }
        InetAddress address = options.address().getAddress();
        bound = new InetSocketAddress(address, connector.getLocalPort());
    }

    /// Starts a server; it listens when this returns.
    ///
    /// @throws ImageException INVALID when push is asked of an upstream that takes nothing, UNAVAILABLE when the
    ///     address cannot be had
    public static MirrorServer start(MirrorOptions options, Upstream upstream) {
        return start(options, upstream, InstantSource.system());
    }

    /// @param clock tells when tokens expire
    static MirrorServer start(MirrorOptions options, Upstream upstream, InstantSource clock) {
        return new MirrorServer(options, upstream, clock);
    }

    /// `http://host:port` or `https://host:port`, without a path.
    public URI uri() {
        return URI.create((tls ? "https://" : "http://") + hostPort());
    }

    /// `host:port`, as image references begin. A server that listens everywhere is named by the loopback address.
    public String hostPort() {
        InetAddress address = bound.getAddress();
        String host = address.isAnyLocalAddress() ? "127.0.0.1" : address.getHostAddress();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + bound.getPort();
    }

    /// What shall go wrong.
    public Faults faults() {
        return faults;
    }

    /// The requests so far (the latest 65,536), in order of arrival, token requests included.
    public List<RequestRecord> requests() {
        return log.snapshot();
    }

    /// Forgets the requests so far.
    public void clearRequests() {
        log.clear();
    }

    /// Makes all tokens that are out worthless, as if they had expired.
    public void revokeTokens() {
        tokens.revokeAll();
    }

    @Override
    public void close() {
        faults.close();
        try {
            server.stop();
        } catch (Exception e) {
            throw new ImageException(ErrorKind.INTERNAL, "stop the mirror: " + e.getMessage(), e);
        } finally {
            requests.shutdownNow();
            requests.close();
            server.destroy();
            push.ifPresent(PushEndpoints::close);
        }
    }

    private static Optional<PushEndpoints> pushEndpoints(MirrorOptions options, Upstream upstream) {
        if (!options.push()) {
            return Optional.empty();
        }
        if (upstream instanceof PushTarget target) {
            return Optional.of(new PushEndpoints(target));
        }
        throw new ImageException(
                ErrorKind.INVALID,
                "start a mirror that takes pushes over " + upstream.getClass().getSimpleName()
                        + ", which takes nothing; expected a PushTarget");
    }

    private static QueuedThreadPool threads(ExecutorService requests) {
        // One thread selects, one stands by; the rest is room for Jetty's own short tasks. The queue is the JDK's
        // because Jetty's starts the whole of JMX to learn the size of a cache line.
        QueuedThreadPool threads =
                new QueuedThreadPool(MAX_THREADS, 2, THREAD_IDLE_MILLIS, new LinkedBlockingQueue<>(MAX_TASKS));
        threads.setName("mirror");
        threads.setDaemon(true);
        threads.setReservedThreads(0);
        // With no time at all Jetty would not even wake its idle threads to let them end.
        threads.setStopTimeout(STOP_MILLIS);
        threads.setVirtualThreadsExecutor(requests);
        return threads;
    }

    private static ServerConnector connector(Server server, MirrorOptions options) {
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        HttpConnectionFactory plain = new HttpConnectionFactory(http);
        ServerConnector connector;
        if (options.tls().isPresent()) {
            MirrorOptions.TlsKey key = options.tls().get();
            SslContextFactory.Server ssl = new SslContextFactory.Server();
            ssl.setKeyStorePath(key.keyStore().toUri().toString());
            ssl.setKeyStorePassword(key.password());
            ssl.setSniRequired(false);
            http.addCustomizer(new SecureRequestCustomizer(false));
            connector = new ServerConnector(server, 0, 1, new SslConnectionFactory(ssl, "http/1.1"), plain);
        } else {
            connector = new ServerConnector(server, 0, 1, plain);
        }
        connector.setHost(options.address().getAddress().getHostAddress());
        connector.setPort(options.address().getPort());
        connector.setIdleTimeout(IDLE_MILLIS);
        connector.setAcceptQueueSize(MAX_CONNECTIONS);
        return connector;
    }
}
