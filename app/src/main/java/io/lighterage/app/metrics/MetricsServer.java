package io.lighterage.app.metrics;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Answers `GET /metrics` and `GET /healthz` over HTTP, to whoever can connect.
public final class MetricsServer implements AutoCloseable {
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";
    private static final int BACKLOG = 16;

    private final HttpServer server;
    private final ExecutorService threads;

    private MetricsServer(HttpServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
    }

    /// Begins to answer.
    ///
    /// @param address `HOST:PORT`, port 0 for a free one
    /// @param health throws when something is wrong, saying what
    /// @throws ImageException INVALID for an address that is none, DENIED when it cannot be listened on
    public static MetricsServer start(String address, Metrics metrics, Runnable health) {
        InetSocketAddress at = parse(address);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        try {
            HttpServer server = HttpServer.create(at, BACKLOG);
            server.setExecutor(threads);
            server.createContext("/metrics", exchange -> answer(exchange, 200, METRICS, metrics.text()));
            server.createContext("/healthz", exchange -> health(exchange, health));
            server.createContext(
                    "/", exchange -> answer(exchange, 404, TEXT, bytes("expected /metrics or /healthz\n")));
            server.start();
            return new MetricsServer(server, threads);
        } catch (IOException e) {
            threads.close();
            throw new ImageException(
                    ErrorKind.DENIED,
                    "cannot listen on " + address + " for metrics: " + e.getMessage()
                            + "; choose another --metrics-address",
                    e);
        }
    }

    private static InetSocketAddress parse(String address) {
        int colon = address.lastIndexOf(':');
        try {
            int port = Integer.parseInt(address.substring(colon + 1));
            if (colon > 0 && port >= 0 && port <= 65535) {
                return new InetSocketAddress(InetAddress.getByName(address.substring(0, colon)), port);
            }
        } catch (NumberFormatException | UnknownHostException e) {
            throw invalid(address, e);
        }
        throw invalid(address, null);
    }

    private static ImageException invalid(String address, @org.jspecify.annotations.Nullable Exception cause) {
        return new ImageException(
                ErrorKind.INVALID,
                "'" + address + "' is no address for metrics; expected HOST:PORT such as 127.0.0.1:9780",
                cause);
    }

    private static void health(HttpExchange exchange, Runnable health) throws IOException {
        try {
            health.run();
        } catch (RuntimeException e) {
            answer(exchange, 503, TEXT, bytes(e.getMessage() + "\n"));
            return;
        }
        answer(exchange, 200, TEXT, bytes("ok\n"));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void answer(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        try (exchange) {
            if (!exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("Allow", "GET");
                exchange.sendResponseHeaders(405, -1);
                return;
            }
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    /// Where it listens.
    public InetSocketAddress address() {
        return server.getAddress();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
