package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.ResolverConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockResponseBody;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;

/// A registry with one repository `r` that behaves, except where a test gives it a rule.
///
/// Rules are asked in order; the first that answers wins. Sleeps are recorded instead of slept.
final class FakeRegistry extends Dispatcher implements AutoCloseable {
    static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

    private final MockWebServer server = new MockWebServer();
    private final Map<String, byte[]> contents = new ConcurrentHashMap<>();
    private final Map<String, String> types = new ConcurrentHashMap<>();
    private final List<Function<RecordedRequest, Optional<MockResponse>>> rules = new CopyOnWriteArrayList<>();
    private final List<RecordedRequest> seen = new CopyOnWriteArrayList<>();
    private final List<Duration> slept = new CopyOnWriteArrayList<>();

    FakeRegistry() {
        server.setDispatcher(this);
        try {
            server.start(InetAddress.ofLiteral("127.0.0.1"), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Adds a blob.
    Descriptor blob(byte[] bytes) {
        Digest digest = Digest.sha256(bytes);
        contents.put("/v2/r/blobs/" + digest, bytes);
        types.put("/v2/r/blobs/" + digest, "application/octet-stream");
        return new Descriptor(MediaType.OCI_LAYER_GZIP, digest, bytes.length);
    }

    /// Adds a manifest under its digest and a tag.
    Descriptor manifest(String tag, String type, String json) {
        byte[] bytes = json.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        Digest digest = Digest.sha256(bytes);
        for (String selector : List.of(tag, digest.toString())) {
            contents.put("/v2/r/manifests/" + selector, bytes);
            types.put("/v2/r/manifests/" + selector, type);
        }
        return new Descriptor(type, digest, bytes.length);
    }

    /// Adds a rule.
    FakeRegistry when(Function<RecordedRequest, Optional<MockResponse>> rule) {
        rules.add(rule);
        return this;
    }

    /// The first `times` requests whose path holds `part` get this answer.
    FakeRegistry first(int times, String part, Function<RecordedRequest, MockResponse> answer) {
        var left = new java.util.concurrent.atomic.AtomicInteger(times);
        return when(request -> request.getTarget().contains(part) && left.getAndDecrement() > 0
                ? Optional.of(answer.apply(request))
                : Optional.empty());
    }

    /// Every request whose path holds `part` gets this answer.
    FakeRegistry always(String part, Function<RecordedRequest, MockResponse> answer) {
        return first(Integer.MAX_VALUE, part, answer);
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
        seen.add(request);
        for (Function<RecordedRequest, Optional<MockResponse>> rule : rules) {
            Optional<MockResponse> answer = rule.apply(request);
            if (answer.isPresent()) {
                return answer.get();
            }
        }
        return proper(request);
    }

    /// What a registry without faults answers.
    MockResponse proper(RecordedRequest request) {
        String path = request.getTarget().replaceFirst("\\?.*", "");
        return proper(path, request.getHeaders().get("Range"));
    }

    MockResponse proper(String path, @Nullable String wanted) {
        byte[] bytes = contents.get(path);
        if (bytes == null) {
            return status(404)
                    .body("{\"errors\":[{\"code\":\"NOT_HERE\",\"message\":\"we do not have\\u0007 it\"}]}")
                    .build();
        }
        String type = types.getOrDefault(path, "");
        Matcher range = RANGE.matcher(wanted == null ? "" : wanted);
        if (!range.matches()) {
            return status(200)
                    .setHeader("Content-Type", type)
                    .body(new Buffer().write(bytes))
                    .build();
        }
        int from = Integer.parseInt(range.group(1));
        int to = Math.min(bytes.length - 1, Integer.parseInt(range.group(2)));
        if (from >= bytes.length) {
            return status(416).build();
        }
        return status(206)
                .setHeader("Content-Type", type)
                .setHeader("Content-Range", "bytes " + from + "-" + to + "/" + bytes.length)
                .body(new Buffer().write(bytes, from, to - from + 1))
                .build();
    }

    /// The proper answer whose connection breaks after `count` bytes of the body.
    MockResponse cut(RecordedRequest request, long count) {
        return cut(proper(request), count);
    }

    /// The answer, with the connection broken after `count` bytes of the body.
    static MockResponse cut(MockResponse proper, long count) {
        MockResponseBody whole = java.util.Objects.requireNonNull(proper.getBody());
        return proper.newBuilder()
                .body(new MockResponseBody() {
                    @Override
                    public long getContentLength() {
                        return whole.getContentLength();
                    }

                    @Override
                    public void writeTo(BufferedSink sink) throws IOException {
                        Buffer all = new Buffer();
                        whole.writeTo(all);
                        sink.write(all, Math.min(count, all.size()));
                        sink.flush();
                    }
                })
                .onResponseEnd(new SocketEffect.CloseSocket())
                .build();
    }

    static MockResponse.Builder status(int code) {
        return new MockResponse.Builder().code(code);
    }

    MockWebServer server() {
        return server;
    }

    String host() {
        return "127.0.0.1:" + server.getPort();
    }

    /// Forgets what it serves and every rule, so that a test of many rounds keeps no blob longer than its round.
    void clear() {
        contents.clear();
        types.clear();
        rules.clear();
        seen.clear();
    }

    List<RecordedRequest> seen() {
        return seen;
    }

    long seen(String part) {
        return seen.stream().filter(r -> r.getTarget().contains(part)).count();
    }

    List<Duration> slept() {
        return slept;
    }

    ImageSource open(String selector, ResolverConfig config) {
        return new RegistryResolver(timing(), List.of()).open(host() + "/r" + selector, config);
    }

    /// Always draws one half, stands still at [#NOW], and notes sleeps.
    Timing timing() {
        return new Timing(() -> NOW, slept::add, () -> 0.5);
    }

    @Override
    public void close() {
        server.close();
    }
}
