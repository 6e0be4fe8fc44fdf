package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.ResolverConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.ConnectionSpec;
import okhttp3.Dispatcher;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/// Sends single requests: no redirects, no credentials, no retries.
///
/// One connection pool for all of a source. HTTP/1.1 only: ranges of one blob shall travel over several connections,
/// each with its own congestion window and its own TLS thread, which one multiplexed connection cannot give. TLS is
/// set up when the first `https` address is asked for, so that a pull over plain HTTP does not pay for it. The client
/// certificate is shown to the registry alone, never to a redirect's target or a token server.
final class HttpTransport implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final String AGENT = "lighterage/0.1";

    private final HttpUrl registry;
    private final TlsMaterial.Loader tls;
    private final OkHttpClient plain;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable OkHttpClient secureOwn;
    private @Nullable OkHttpClient secureOther;
    private volatile boolean closed;
    private volatile boolean reached;

    /// @param registry scheme, host and port whose server may see the client certificate
    HttpTransport(HttpUrl registry, ResolverConfig config, TlsMaterial.Loader tls) {
        this.registry = registry;
        this.tls = tls;
        Dispatcher dispatcher = new Dispatcher();
        dispatcher.setMaxRequests(256);
        dispatcher.setMaxRequestsPerHost(256);
        Duration connect = config.timeout().compareTo(CONNECT) < 0 ? config.timeout() : CONNECT;
        plain = new OkHttpClient.Builder()
                .protocols(List.of(Protocol.HTTP_1_1))
                .connectionSpecs(List.of(ConnectionSpec.CLEARTEXT))
                .connectionPool(new ConnectionPool(config.concurrency() + 2, 30, TimeUnit.SECONDS))
                .socketFactory(new WideSockets(config.linkLocal()))
                .dispatcher(dispatcher)
                .followRedirects(false)
                .followSslRedirects(false)
                .connectTimeout(connect)
                .readTimeout(config.timeout())
                .writeTimeout(config.timeout())
                .build();
    }

    /// Sends the request and returns when the head of the answer is here.
    ///
    /// @param what what is being tried, for messages
    /// @throws ImageException a passing [RegistryFailure] when the exchange broke; CANCELLED when
    ///     interrupted or closed
    Reply send(Request.Builder request, String what) {
        Request built = request.header("Accept-Encoding", "identity")
                .header("User-Agent", AGENT)
                .build();
        if (closed) {
            throw cancelled(what, null);
        }
        Call call = client(built.url()).newCall(built);
        try {
            Response response = call.execute();
            reached = true;
            return new Reply(call, response);
        } catch (IOException e) {
            throw broken(what, built.url(), e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            // OkHttp is Kotlin: an interrupt while connecting comes out undeclared.
            Thread.currentThread().interrupt();
            throw broken(what, built.url(), e);
        }
    }

    /// Scheme, host and port of the registry.
    HttpUrl registry() {
        return registry;
    }

    /// What a broken exchange means, which depends on whether we broke it ourselves.
    ImageException broken(String what, HttpUrl url, Throwable e) {
        return closed ? cancelled(what, e) : HttpErrors.broken(what, url, e, reached);
    }

    private static ImageException cancelled(String what, @Nullable Throwable cause) {
        return new ImageException(ErrorKind.CANCELLED, "cannot " + what + ": the source was closed", cause);
    }

    private OkHttpClient client(HttpUrl url) {
        if (!url.isHttps()) {
            return plain;
        }
        lock.lock();
        try {
            boolean own = Urls.sameOrigin(url, registry);
            OkHttpClient known = own ? secureOwn : secureOther;
            if (known != null) {
                return known;
            }
            TlsMaterial material = tls.load();
            OkHttpClient made = secure(material, own);
            if (own || !material.hasClientKey()) {
                secureOwn = made;
            }
            if (!own || !material.hasClientKey()) {
                secureOther = made;
            }
            return made;
        } finally {
            lock.unlock();
        }
    }

    private OkHttpClient secure(TlsMaterial material, boolean own) {
        OkHttpClient.Builder builder = plain.newBuilder()
                .connectionSpecs(List.of(ConnectionSpec.MODERN_TLS))
                .sslSocketFactory(material.sockets(own), material.trust());
        if (!material.verifies()) {
            builder.hostnameVerifier((host, session) -> true);
        }
        return builder.build();
    }

    /// Cuts what is in flight and lets go of every connection. Later requests are refused.
    @Override
    public void close() {
        closed = true;
        plain.dispatcher().cancelAll();
        plain.connectionPool().evictAll();
    }
}
