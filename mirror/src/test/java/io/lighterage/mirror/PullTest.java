package io.lighterage.mirror;

import static io.lighterage.mirror.TestClient.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PullTest {
    private static final String MANIFEST =
            "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_MANIFEST + "\",\"config\":{},\"layers\":[]}";

    private final MemoryUpstream upstream = new MemoryUpstream();
    private final byte[] content = new byte[1_000_003];
    private MirrorServer server = MirrorServer.start(MirrorOptions.defaults(), upstream);
    private TestClient client = new TestClient(server);
    private Digest blob = Digest.sha256(content);
    private Digest manifest = blob;

    @BeforeEach
    void fill() {
        new Random(7).nextBytes(content);
        blob = upstream.put("a/b", ByteBuffer.wrap(content));
        manifest = upstream.putManifest("a/b", "v1", MediaType.OCI_MANIFEST, ByteBuffer.wrap(MANIFEST.getBytes(UTF_8)));
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    @Test
    void theRootAnswersThatThisIsARegistry() throws Exception {
        HttpResponse<byte[]> answer = client.get("/v2/");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "Docker-Distribution-Api-Version")).isEqualTo("registry/2.0");
        assertThat(header(answer, "Server")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD"})
    void aManifestIsServedByTagAndDigestWithItsHeaders(String method) throws Exception {
        for (String reference :
                new String[] {"v1", manifest.toString(), manifest.toString().replace(":", "%3A")}) {
            HttpResponse<byte[]> answer = client.send(method, "/v2/a/b/manifests/" + reference, ByteBuffer.allocate(0));
            assertThat(answer.statusCode()).as(reference).isEqualTo(200);
            assertThat(header(answer, "Content-Type")).isEqualTo(MediaType.OCI_MANIFEST);
            assertThat(header(answer, "Docker-Content-Digest")).isEqualTo(manifest.toString());
            assertThat(header(answer, "Content-Length")).isEqualTo("" + MANIFEST.length());
            assertThat(answer.body()).hasSize(method.equals("GET") ? MANIFEST.length() : 0);
        }
    }

    @Test
    void aManifestWhoseTypeIsNotAcceptedIsNotConverted() throws Exception {
        HttpResponse<byte[]> refused = client.get("/v2/a/b/manifests/v1", "Accept", MediaType.OCI_INDEX);
        assertThat(refused.statusCode()).isEqualTo(404);
        assertThat(new String(refused.body(), UTF_8))
                .contains("MANIFEST_UNKNOWN")
                .contains("Accept");
        String both = MediaType.OCI_INDEX + ", " + MediaType.OCI_MANIFEST + ";q=0.5";
        assertThat(client.get("/v2/a/b/manifests/v1", "Accept", both).statusCode())
                .isEqualTo(200);
        assertThat(client.get("/v2/a/b/manifests/v1", "Accept", "*/*").statusCode())
                .isEqualTo(200);
    }

    @Test
    void aWholeBlobIsServedWithItsHeaders() throws Exception {
        HttpResponse<byte[]> answer = client.get("/v2/a/b/blobs/" + blob);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(content);
        assertThat(header(answer, "Docker-Content-Digest")).isEqualTo(blob.toString());
        assertThat(header(answer, "Accept-Ranges")).isEqualTo("bytes");
        assertThat(header(answer, "ETag")).isEqualTo("\"" + blob + "\"");
        assertThat(header(answer, "Content-Length")).isEqualTo("1000003");
    }

    @Test
    void headOfABlobTellsItsLengthAndIgnoresRange() throws Exception {
        HttpResponse<byte[]> answer =
                client.send("HEAD", "/v2/a/b/blobs/" + blob, ByteBuffer.allocate(0), "Range", "bytes=0-0");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "Content-Length")).isEqualTo("1000003");
        assertThat(answer.body()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=0-0,          0,       0",
        "bytes=5-262150,     5,       262150",
        "bytes=1000002-,     1000002, 1000002",
        "bytes=999999-99999999, 999999, 1000002",
        "bytes=-3,           1000000, 1000002",
        "bytes=-99999999,    0,       1000002",
        "Bytes = 7-9,        7,       9"
    })
    void aSingleRangeIsServedAlone(String range, int first, int last) throws Exception {
        HttpResponse<byte[]> answer = client.get("/v2/a/b/blobs/" + blob, "Range", range);
        assertThat(answer.statusCode()).isEqualTo(206);
        assertThat(header(answer, "Content-Range")).isEqualTo("bytes " + first + "-" + last + "/1000003");
        assertThat(answer.body()).isEqualTo(Arrays.copyOfRange(content, first, last + 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=1000003-", "bytes=1000003-1000004", "bytes=-0"})
    void aRangeBehindTheEndIsRefusedWithTheLength(String range) throws Exception {
        HttpResponse<byte[]> answer = client.get("/v2/a/b/blobs/" + blob, "Range", range);
        assertThat(answer.statusCode()).isEqualTo(416);
        assertThat(header(answer, "Content-Range")).isEqualTo("bytes */1000003");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=0-1,5-6", "bytes=9-5", "bytes=x-", "lines=1-2", "bytes=-", ""})
    void severalRangesAndNonsenseGetTheWholeBlob(String range) throws Exception {
        HttpResponse<byte[]> answer = client.get("/v2/a/b/blobs/" + blob, "Range", range);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).hasSize(content.length);
    }

    @Test
    void ifRangeWithAnotherContentGetsTheWholeBlob() throws Exception {
        String path = "/v2/a/b/blobs/" + blob;
        assertThat(client.get(path, "Range", "bytes=0-1", "If-Range", "\"" + blob + "\"")
                        .statusCode())
                .isEqualTo(206);
        assertThat(client.get(path, "Range", "bytes=0-1", "If-Range", "\"other\"")
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void aKnownContentIsNotSentAgain() throws Exception {
        HttpResponse<byte[]> answer = client.get("/v2/a/b/blobs/" + blob, "If-None-Match", "\"x\", \"" + blob + "\"");
        assertThat(answer.statusCode()).isEqualTo(304);
        assertThat(answer.body()).isEmpty();
    }

    @Test
    void anEmptyBlobIsServed() throws Exception {
        Digest empty = upstream.put("a/b", ByteBuffer.allocate(0));
        HttpResponse<byte[]> answer = client.get("/v2/a/b/blobs/" + empty);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "Content-Length")).isEqualTo("0");
        assertThat(client.get("/v2/a/b/blobs/" + empty, "Range", "bytes=0-0").statusCode())
                .isEqualTo(416);
    }

    @ParameterizedTest
    @CsvSource({
        "/v2/a/b/manifests/nope,                MANIFEST_UNKNOWN, 404",
        "/v2/no/such/manifests/v1,              MANIFEST_UNKNOWN, 404",
        "/v2/a/b/manifests/sha256:12,           DIGEST_INVALID,   400",
        "/v2/a/b/blobs/sha256:XY,               DIGEST_INVALID,   400",
        "/v2/a/b/blobs/md5:0123,                DIGEST_INVALID,   400",
        "/v2/A/b/manifests/v1,                  NAME_INVALID,     400",
        "/v2/a..b/manifests/v1,                 NAME_INVALID,     400",
        "/v2/a/b/manifests/-v1,                 MANIFEST_UNKNOWN, 404",
        "/v2/no/such/tags/list,                 NAME_UNKNOWN,     404",
        "/v2/a/b/tags/list?n=x,                 NAME_INVALID,     400",
        "/v2/a/b/blobs/uploads/..,              DIGEST_INVALID,   400",
        "/v2/a/b/blobs/uploads/xyz,             BLOB_UPLOAD_UNKNOWN, 404",
        "/nothing,                              NAME_UNKNOWN,     404",
        "/v2/a/b/unknown/v1,                    NAME_UNKNOWN,     404",
    })
    void errorsAreDocumentsOfTheSpecification(String path, String code, int status) throws Exception {
        HttpResponse<byte[]> answer = client.get(path);
        String body = new String(answer.body(), UTF_8);
        assertThat(answer.statusCode()).as(body).isEqualTo(status);
        assertThat(header(answer, "Content-Type")).isEqualTo("application/json");
        assertThat(body).startsWith("{\"errors\":[{\"code\":\"" + code + "\",\"message\":\"");
    }

    @Test
    void anUnknownBlobIsSaidToBeUnknown() throws Exception {
        Digest other = Digest.sha256("x".getBytes(UTF_8));
        HttpResponse<byte[]> answer = client.get("/v2/a/b/blobs/" + other);
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(new String(answer.body(), UTF_8)).contains("BLOB_UNKNOWN");
    }

    @ParameterizedTest
    @CsvSource({
        "/v2/,DELETE,'GET, HEAD'",
        "/v2/a/b/manifests/v1,PUT,'GET, HEAD'",
        "/v2/a/b/tags/list,POST,'GET, HEAD'",
        "/v2/a/b/blobs/uploads/,POST,''"
    })
    void whatIsNotOfferedIsRefusedWithWhatIs(String path, String method, String allow) throws Exception {
        HttpResponse<byte[]> answer = client.send(method, path, ByteBuffer.allocate(0));
        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(header(answer, "Allow")).isEqualTo(allow);
        assertThat(new String(answer.body(), UTF_8)).contains("UNSUPPORTED");
    }

    @Test
    void tagsAreListedInOrderPageByPage() throws Exception {
        for (String tag : new String[] {"v3", "v2", "b", "A"}) {
            upstream.putManifest("a/b", tag, MediaType.OCI_MANIFEST, ByteBuffer.wrap(MANIFEST.getBytes(UTF_8)));
        }
        assertThat(new String(client.get("/v2/a/b/tags/list").body(), UTF_8))
                .isEqualTo("{\"name\":\"a/b\",\"tags\":[\"A\",\"b\",\"v1\",\"v2\",\"v3\"]}");
        HttpResponse<byte[]> first = client.get("/v2/a/b/tags/list?n=2");
        assertThat(new String(first.body(), UTF_8)).contains("[\"A\",\"b\"]");
        assertThat(header(first, "Link")).isEqualTo("</v2/a/b/tags/list?n=2&last=b>; rel=\"next\"");
        HttpResponse<byte[]> last = client.get("/v2/a/b/tags/list?n=3&last=b");
        assertThat(new String(last.body(), UTF_8)).contains("[\"v1\",\"v2\",\"v3\"]");
        assertThat(header(last, "Link")).isEmpty();
        assertThat(new String(client.get("/v2/a/b/tags/list?n=0").body(), UTF_8))
                .contains("\"tags\":[]");
    }

    @Test
    void noReferrersAreAnEmptyIndex() throws Exception {
        HttpResponse<byte[]> answer = client.get("/v2/a/b/referrers/" + manifest + "?artifactType=x");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "Content-Type")).isEqualTo(MediaType.OCI_INDEX);
        assertThat(header(answer, "OCI-Filters-Applied")).isEqualTo("artifactType");
        assertThat(new String(answer.body(), UTF_8)).contains("\"manifests\":[]");
    }

    @Test
    void requestsAreLoggedWithWhatTestsCount() throws Exception {
        client.get("/v2/a/b/blobs/" + blob + "?ns=example.org", "Range", "bytes=0-99", "Authorization", "Basic eDp5");
        assertThat(server.requests())
                .containsExactly(new RequestRecord(
                        "GET", "/v2/a/b/blobs/" + blob, "ns=example.org", "bytes=0-99", "Basic", 206, 100));
        server.clearRequests();
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void aRequestThatIsNotUnderstoodGetsADocumentToo() throws Exception {
        for (String path : new String[] {"/v2/a/b%2Fc/manifests/v1", "/v2/a/%ff/manifests/v1", "/v2/?n=%zz", "*"}) {
            String raw = raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            assertThat(raw).as(path).startsWith("HTTP/1.1 400").contains("{\"errors\":[{");
        }
        assertThat(raw("nonsense\r\n\r\n")).startsWith("HTTP/1.1 400").contains("{\"errors\":[{");
    }

    @Test
    void aDefectSaysNothingAboutOurInsides() throws Exception {
        Upstream broken = new Upstream() {
            @Override
            public Optional<StoredManifest> manifest(String repository, String reference) {
                throw new IllegalStateException("secret insides");
            }

            @Override
            public Optional<Blob> blob(String repository, Digest digest) {
                throw new ImageException(ErrorKind.UNAVAILABLE, "the upstream sleeps");
            }

            @Override
            public List<String> tags(String repository) {
                return List.of();
            }
        };
        try (MirrorServer other = MirrorServer.start(MirrorOptions.defaults(), broken);
                TestClient asking = new TestClient(other)) {
            HttpResponse<byte[]> defect = asking.get("/v2/a/b/manifests/v1");
            assertThat(defect.statusCode()).isEqualTo(500);
            assertThat(new String(defect.body(), UTF_8)).contains("UNKNOWN").doesNotContain("insides");
            HttpResponse<byte[]> away = asking.get("/v2/a/b/blobs/" + blob);
            assertThat(away.statusCode()).isEqualTo(503);
            assertThat(new String(away.body(), UTF_8)).contains("the upstream sleeps");
        }
    }

    private String raw(String request) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
            socket.getOutputStream().write(request.getBytes(UTF_8));
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }
}
