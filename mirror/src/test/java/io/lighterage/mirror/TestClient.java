package io.lighterage.mirror;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;

/// The JDK's HTTP client over one mirror, with the words the tests need.
final class TestClient implements AutoCloseable {
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    private final URI origin;

    TestClient(MirrorServer server) {
        origin = server.uri();
    }

    HttpResponse<byte[]> get(String path, String... headers) throws IOException, InterruptedException {
        return send("GET", path, ByteBuffer.allocate(0), headers);
    }

    HttpResponse<byte[]> send(String method, String path, ByteBuffer body, String... headers)
            throws IOException, InterruptedException {
        byte[] bytes = new byte[body.remaining()];
        body.duplicate().get(bytes);
        HttpRequest.BodyPublisher publisher =
                bytes.length == 0 ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(bytes);
        HttpRequest.Builder request =
                HttpRequest.newBuilder(origin.resolve(path)).method(method, publisher);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    @Override
    public void close() {
        http.close();
    }
}
