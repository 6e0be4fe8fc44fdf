package io.lighterage.mirror;

import static io.lighterage.mirror.TestClient.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PushTest {
    private static final ByteBuffer NONE = ByteBuffer.allocate(0);
    private static final ByteBuffer HELLO = ByteBuffer.wrap("hello".getBytes(UTF_8));
    private static final Digest DIGEST = Digest.sha256("hello".getBytes(UTF_8));

    private final MirrorServer server =
            MirrorServer.start(MirrorOptions.defaults().withPush(), new MemoryUpstream());
    private final TestClient client = new TestClient(server);

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private static ByteBuffer manifest(Digest config, String more) {
        String text = "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_MANIFEST
                + "\",\"config\":{\"mediaType\":\"application/x-thing\",\"digest\":\"" + config
                + "\",\"size\":5},\"layers\":[]" + more + "}";
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }

    private String start() throws Exception {
        HttpResponse<byte[]> started = client.send("POST", "/v2/p/q/blobs/uploads/?mount=" + DIGEST + "&from=x", NONE);
        assertThat(started.statusCode()).isEqualTo(202);
        assertThat(header(started, "Docker-Upload-UUID")).isNotEmpty();
        return header(started, "Location");
    }

    private void pushHello() throws Exception {
        HttpResponse<byte[]> done = client.send("POST", "/v2/p/q/blobs/uploads/?digest=" + DIGEST, HELLO);
        assertThat(done.statusCode()).isEqualTo(201);
        assertThat(header(done, "Location")).isEqualTo("/v2/p/q/blobs/" + DIGEST);
    }

    private HttpResponse<byte[]> put(String reference, ByteBuffer manifest) throws Exception {
        return client.send("PUT", "/v2/p/q/manifests/" + reference, manifest, "Content-Type", MediaType.OCI_MANIFEST);
    }

    @Test
    void aBlobIsPushedInOnePieceAndInChunks() throws Exception {
        pushHello();
        assertThat(client.get("/v2/p/q/blobs/" + DIGEST).body()).isEqualTo("hello".getBytes(UTF_8));
        String place = start();
        HttpResponse<byte[]> first = client.send("PATCH", place, HELLO.slice(0, 2), "Content-Range", "0-1");
        assertThat(first.statusCode()).isEqualTo(202);
        assertThat(header(first, "Range")).isEqualTo("0-1");
        HttpResponse<byte[]> wrong = client.send("PATCH", place, HELLO.slice(3, 2), "Content-Range", "3-4");
        assertThat(wrong.statusCode()).isEqualTo(416);
        HttpResponse<byte[]> asked = client.get(place);
        assertThat(asked.statusCode()).isEqualTo(204);
        assertThat(header(asked, "Range")).isEqualTo("0-1");
        HttpResponse<byte[]> done =
                client.send("PUT", place + "?digest=" + DIGEST, HELLO.slice(2, 3), "Content-Range", "2-4");
        assertThat(done.statusCode()).isEqualTo(201);
        assertThat(header(done, "Docker-Content-Digest")).isEqualTo(DIGEST.toString());
        assertThat(client.get(place).statusCode()).isEqualTo(404);
    }

    @Test
    void aBlobWithAnotherDigestIsNotStored() throws Exception {
        Digest other = Digest.sha256("other".getBytes(UTF_8));
        HttpResponse<byte[]> refused = client.send("PUT", start() + "?digest=" + other, HELLO);
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(new String(refused.body(), UTF_8)).contains("DIGEST_INVALID").contains(DIGEST.toString());
        assertThat(client.get("/v2/p/q/blobs/" + other).statusCode()).isEqualTo(404);
        assertThat(client.send("PUT", start(), HELLO).statusCode()).isEqualTo(400);
    }

    @Test
    void aCancelledUploadIsGone() throws Exception {
        String place = start();
        assertThat(client.send("DELETE", place, NONE).statusCode()).isEqualTo(204);
        assertThat(client.send("PATCH", place, HELLO).statusCode()).isEqualTo(404);
        assertThat(client.send("POST", place, NONE).statusCode()).isEqualTo(405);
    }

    @Test
    void aManifestIsStoredUnderItsTagAndDigest() throws Exception {
        pushHello();
        ByteBuffer manifest = manifest(DIGEST, "");
        HttpResponse<byte[]> done = put("v1", manifest);
        assertThat(done.statusCode()).isEqualTo(201);
        Digest digest = Digest.sha256(manifest.duplicate());
        assertThat(header(done, "Docker-Content-Digest")).isEqualTo(digest.toString());
        assertThat(client.get(header(done, "Location")).statusCode()).isEqualTo(200);
        assertThat(client.get("/v2/p/q/manifests/v1").statusCode()).isEqualTo(200);
    }

    @Test
    void aManifestWithSomethingWrongIsRefused() throws Exception {
        ByteBuffer manifest = manifest(DIGEST, "");
        assertThat(new String(put("v1", manifest).body(), UTF_8)).contains("MANIFEST_BLOB_UNKNOWN");
        pushHello();
        assertThat(new String(put(DIGEST.toString(), manifest).body(), UTF_8)).contains("DIGEST_INVALID");
        HttpResponse<byte[]> type =
                client.send("PUT", "/v2/p/q/manifests/v1", manifest, "Content-Type", MediaType.DOCKER_MANIFEST);
        assertThat(type.statusCode()).isEqualTo(400);
        assertThat(put("v1", ByteBuffer.wrap("[]".getBytes(UTF_8))).statusCode())
                .isEqualTo(400);
        assertThat(put("v1", ByteBuffer.wrap("{".getBytes(UTF_8))).statusCode()).isEqualTo(400);
        assertThat(put("v1", ByteBuffer.allocate(ManifestFields.MAX_SIZE + 1)).statusCode())
                .isEqualTo(413);
    }

    @Test
    void aManifestWithASubjectIsListedAsItsReferrer() throws Exception {
        pushHello();
        Digest subject = Digest.sha256("subject".getBytes(UTF_8));
        String more = ",\"subject\":{\"mediaType\":\"x\",\"digest\":\"" + subject
                + "\",\"size\":7},\"annotations\":{\"k\":\"v\"}";
        HttpResponse<byte[]> done = put("v1", manifest(DIGEST, more));
        assertThat(header(done, "OCI-Subject")).isEqualTo(subject.toString());
        String path = "/v2/p/q/referrers/" + subject;
        assertThat(new String(client.get(path).body(), UTF_8))
                .contains("\"artifactType\":\"application/x-thing\"")
                .contains("\"annotations\":{\"k\":\"v\"}");
        assertThat(new String(
                        client.get(path + "?artifactType=application/x-thing").body(), UTF_8))
                .contains(MediaType.OCI_MANIFEST);
        assertThat(new String(client.get(path + "?artifactType=other").body(), UTF_8))
                .contains("\"manifests\":[]");
    }

    @Test
    void pushIntoAnUpstreamThatTakesNothingIsRefusedAtTheStart() {
        LayoutUpstream upstream = new LayoutUpstream("a/b", Path.of("/nowhere"));
        assertThatThrownBy(() -> MirrorServer.start(MirrorOptions.defaults().withPush(), upstream))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("PushTarget");
    }
}
