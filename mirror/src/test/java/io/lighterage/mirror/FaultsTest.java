package io.lighterage.mirror;

import static io.lighterage.mirror.TestClient.header;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FaultsTest {
    private final MemoryUpstream upstream = new MemoryUpstream();
    private final MirrorServer server = MirrorServer.start(MirrorOptions.defaults(), upstream);
    private final TestClient client = new TestClient(server);
    private final byte[] content = new byte[700_000];
    private String path = "";

    @BeforeEach
    void fill() {
        new Random(11).nextBytes(content);
        Digest blob = upstream.put("a/b", ByteBuffer.wrap(content));
        path = "/v2/a/b/blobs/" + blob;
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    /// Reads raw bytes, so that what is on the wire is seen and not what a client makes of it.
    private String raw(String method) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
            String request = method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(UTF_8));
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    private static String body(String raw) {
        return raw.substring(raw.indexOf("\r\n\r\n") + 4);
    }

    @Test
    void theNextRequestsThatMatchAreHitAndNoOthers() throws Exception {
        server.faults().next(2, "GET", p -> p.equals(path), new Fault.Status(503, Map.of("Retry-After", "1"), "busy"));
        assertThat(client.get("/v2/").statusCode()).isEqualTo(200);
        assertThat(client.send("HEAD", path, ByteBuffer.allocate(0)).statusCode())
                .isEqualTo(200);
        for (int i = 0; i < 2; i++) {
            HttpResponse<byte[]> answer = client.get(path);
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(header(answer, "Retry-After")).isEqualTo("1");
            assertThat(new String(answer.body(), UTF_8)).isEqualTo("busy");
        }
        assertThat(server.faults().remaining()).isZero();
        assertThat(client.get(path).statusCode()).isEqualTo(200);
    }

    @Test
    void aBodyIsCutAfterExactlySoManyBytes() throws Exception {
        for (long after : new long[] {0, 1, 300_000, 699_999}) {
            server.faults().nextBlobs(1, new Fault.Cut(after));
            String raw = raw("GET");
            assertThat(raw).contains("Content-Length: 700000");
            assertThat(body(raw)).hasSize((int) after);
            assertThat(server.requests().getLast().bytesSent()).isEqualTo(after);
        }
        server.faults().nextBlobs(1, new Fault.Cut(10));
        assertThatThrownBy(() -> client.get(path)).isInstanceOf(IOException.class);
    }

    @Test
    void aDroppedRequestGetsNothingAtAll() throws Exception {
        server.faults().nextBlobs(1, new Fault.Drop());
        assertThat(raw("GET")).isEmpty();
        assertThat(server.requests().getLast().status()).isZero();
    }

    @Test
    void aStalledBodyStaysSilentUntilItIsReleased() throws Exception {
        server.faults().nextBlobs(1, new Fault.Stall(1000));
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
            socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(UTF_8));
            InputStream in = socket.getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.read());
            }
            assertThat(in.readNBytes(1000)).hasSize(1000);
            socket.setSoTimeout(50);
            assertThatThrownBy(in::read).isInstanceOf(SocketTimeoutException.class);
            server.faults().releaseStalled();
            socket.setSoTimeout(0);
            assertThat(in.read()).isEqualTo(-1);
        }
    }

    @Test
    void aStalledBodyEndsWithTheServer() throws Exception {
        server.faults().nextBlobs(1, new Fault.Stall(0));
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
            socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(UTF_8));
            assertThat(socket.getInputStream().read()).isEqualTo('H');
            server.close();
            assertThat(socket.getInputStream().readAllBytes()).isNotEmpty();
        }
    }

    @Test
    void aFlippedByteIsTheOnlyDifference() throws Exception {
        server.faults().nextBlobs(1, new Fault.Flip(400_000));
        byte[] got = client.get(path).body();
        assertThat(got[400_000]).isEqualTo((byte) ~content[400_000]);
        got[400_000] = content[400_000];
        assertThat(got).isEqualTo(content);
    }

    @Test
    void aLongerBodySaysSo() throws Exception {
        server.faults().nextBlobs(1, new Fault.Longer(300_000));
        HttpResponse<byte[]> answer = client.get(path);
        assertThat(header(answer, "Content-Length")).isEqualTo("1000000");
        assertThat(answer.body()).hasSize(1_000_000).startsWith(content).endsWith('x');
    }

    @Test
    void aClaimedLengthIsToldWhateverTheBody() throws Exception {
        server.faults().nextBlobs(1, new Fault.ContentLength(800_000));
        String more = raw("GET");
        assertThat(more).contains("Content-Length: 800000");
        assertThat(body(more)).hasSize(700_000);
        server.faults().nextBlobs(1, new Fault.ContentLength(5));
        assertThat(client.get(path).body()).hasSize(5);
        server.faults().nextBlobs(1, new Fault.ContentLength(5));
        assertThat(raw("HEAD")).contains("Content-Length: 5\r\n");
    }

    @Test
    void aChunkedBodyTellsNoLength() throws Exception {
        server.faults().nextBlobs(1, new Fault.Chunked());
        HttpResponse<byte[]> answer = client.get(path);
        assertThat(header(answer, "Content-Length")).isEmpty();
        assertThat(answer.body()).isEqualTo(content);
    }

    @Test
    void anIgnoredRangeGetsTheWholeBlob() throws Exception {
        server.faults().nextBlobs(1, new Fault.IgnoreRange());
        HttpResponse<byte[]> answer = client.get(path, "Range", "bytes=0-1");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).hasSize(content.length);
        assertThat(server.requests().getLast().range()).isEqualTo("bytes=0-1");
    }

    @Test
    void aRedirectGoesWhereItIsTold() throws Exception {
        server.faults().nextBlobs(1, Fault.redirect(URI.create("http://cdn.example/x?sig=1")));
        HttpResponse<byte[]> fixed = client.get(path);
        assertThat(fixed.statusCode()).isEqualTo(307);
        assertThat(header(fixed, "Location")).isEqualTo("http://cdn.example/x?sig=1");
        server.faults().nextBlobs(1, Fault.redirectToOrigin(URI.create("http://other.example:81")));
        assertThat(header(client.get(path + "?a=b"), "Location")).isEqualTo("http://other.example:81" + path + "?a=b");
    }

    @Test
    void faultsAddUp() throws Exception {
        CountDownLatch open = new CountDownLatch(0);
        server.faults()
                .nextBlobs(
                        1,
                        new Fault.Delay(Duration.ofMillis(1)),
                        new Fault.Hold(open),
                        new Fault.Header("Docker-Content-Digest", "sha256:no"),
                        new Fault.Flip(0));
        HttpResponse<byte[]> answer = client.get(path);
        assertThat(header(answer, "Docker-Content-Digest")).isEqualTo("sha256:no");
        assertThat(answer.body()[0]).isEqualTo((byte) ~content[0]);
    }

    @Test
    void aHeldRequestWaitsForItsGate() throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        server.faults()
                .next(
                        1,
                        "GET",
                        requested -> {
                            arrived.countDown();
                            return true;
                        },
                        new Fault.Hold(gate));
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                client.get(path);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        arrived.await();
        assertThat(server.requests().getLast().status()).isZero();
        gate.countDown();
        waiting.join();
        assertThat(server.requests().getLast().status()).isEqualTo(200);
    }
}
