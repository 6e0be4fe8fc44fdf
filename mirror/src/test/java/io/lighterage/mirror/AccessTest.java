package io.lighterage.mirror;

import static io.lighterage.mirror.TestClient.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.MediaType;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class AccessTest {
    private static final String MANIFEST = "/v2/a/b/manifests/v1";
    private static final ByteBuffer NONE = ByteBuffer.allocate(0);

    private final MemoryUpstream upstream = new MemoryUpstream();
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2030-01-01T00:00:00Z"));

    AccessTest() {
        upstream.putManifest("a/b", "v1", MediaType.OCI_MANIFEST, ByteBuffer.wrap("{}".getBytes(UTF_8)));
    }

    private static String basic(String user, String secret) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + secret).getBytes(UTF_8));
    }

    private static String field(HttpResponse<byte[]> answer, String name) {
        return Json.parseObject(ByteBuffer.wrap(answer.body()), "token")
                .path(name)
                .asString("");
    }

    private static ByteBuffer form(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }

    @Test
    void basicAccessAsksForTheUserEachTime() throws Exception {
        MirrorOptions options = MirrorOptions.defaults().withBasic("ann", "s3:cret");
        try (MirrorServer server = MirrorServer.start(options, upstream);
                TestClient client = new TestClient(server)) {
            HttpResponse<byte[]> asked = client.get("/v2/");
            assertThat(asked.statusCode()).isEqualTo(401);
            assertThat(header(asked, "WWW-Authenticate")).startsWith("Basic realm=");
            assertThat(new String(asked.body(), UTF_8)).contains("UNAUTHORIZED");
            assertThat(client.get(MANIFEST, "Authorization", basic("ann", "wrong"))
                            .statusCode())
                    .isEqualTo(401);
            assertThat(client.get(MANIFEST, "Authorization", "Basic !!!").statusCode())
                    .isEqualTo(401);
            assertThat(client.get(MANIFEST, "Authorization", basic("ann", "s3:cret"))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(server.requests().getLast().authScheme()).isEqualTo("Basic");
            assertThat(client.get("/token").statusCode()).isEqualTo(401);
        }
        assertThat(options.toString()).contains("ann").doesNotContain("s3:cret");
    }

    @Test
    void aTokenLetsItsHolderDoWhatItsScopeSays() throws Exception {
        MirrorOptions options = MirrorOptions.defaults().withTokens("ann", "pw").withPush();
        try (MirrorServer server = MirrorServer.start(options, upstream, now::get);
                TestClient client = new TestClient(server)) {
            HttpResponse<byte[]> asked = client.get(MANIFEST);
            assertThat(asked.statusCode()).isEqualTo(401);
            String realm = server.uri() + "/token";
            assertThat(header(asked, "WWW-Authenticate"))
                    .isEqualTo("Bearer realm=\"" + realm + "\",service=\"lighterage\",scope=\"repository:a/b:pull\"");
            String query = "/token?service=lighterage&scope=repository:a/b:pull";
            assertThat(client.get(query).statusCode()).isEqualTo(401);
            assertThat(client.get(query, "Authorization", basic("ann", "no")).statusCode())
                    .isEqualTo(401);
            HttpResponse<byte[]> granted = client.get(query, "Authorization", basic("ann", "pw"));
            String bearer = "Bearer " + field(granted, "token");
            assertThat(field(granted, "access_token")).isEqualTo(field(granted, "token"));
            assertThat(client.get(MANIFEST, "Authorization", bearer).statusCode())
                    .isEqualTo(200);
            HttpResponse<byte[]> narrow = client.send("POST", "/v2/a/b/blobs/uploads/", NONE, "Authorization", bearer);
            assertThat(header(narrow, "WWW-Authenticate"))
                    .contains("scope=\"repository:a/b:pull,push\"")
                    .endsWith("error=\"insufficient_scope\"");
            assertThat(client.get("/v2/a/c/tags/list", "Authorization", bearer).statusCode())
                    .isEqualTo(401);
        }
    }

    @Test
    void anExpiredOrRevokedTokenIsInvalid() throws Exception {
        try (MirrorServer server =
                        MirrorServer.start(MirrorOptions.defaults().withTokens("ann", "pw"), upstream, now::get);
                TestClient client = new TestClient(server)) {
            String query = "/token?scope=repository:a/b:pull";
            String bearer = "Bearer " + field(client.get(query, "Authorization", basic("ann", "pw")), "token");
            assertThat(client.get(MANIFEST, "Authorization", bearer).statusCode())
                    .isEqualTo(200);
            now.updateAndGet(time -> time.plus(Duration.ofMinutes(5)));
            HttpResponse<byte[]> late = client.get(MANIFEST, "Authorization", bearer);
            assertThat(late.statusCode()).isEqualTo(401);
            assertThat(header(late, "WWW-Authenticate")).contains("error=\"invalid_token\"");
            String fresh = "Bearer " + field(client.get(query, "Authorization", basic("ann", "pw")), "token");
            assertThat(client.get("/v2/", "Authorization", fresh).statusCode()).isEqualTo(200);
            server.revokeTokens();
            assertThat(client.get("/v2/", "Authorization", fresh).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void theFormOfTheTokenRequestWorksToo() throws Exception {
        try (MirrorServer server = MirrorServer.start(MirrorOptions.defaults().withTokens("ann", "p w&"), upstream);
                TestClient client = new TestClient(server)) {
            String password = "grant_type=password&username=ann&password=p+w%26&access_type=offline"
                    + "&service=lighterage&scope=repository%3Aa%2Fb%3Apull+repository%3Aa%2Fc%3Apull";
            HttpResponse<byte[]> granted = client.send("POST", "/token", form(password));
            String bearer = "Bearer " + field(granted, "access_token");
            assertThat(client.get(MANIFEST, "Authorization", bearer).statusCode())
                    .isEqualTo(200);
            String refresh = field(granted, "refresh_token");
            String again = "grant_type=refresh_token&scope=repository:a/b:pull&refresh_token=";
            String second = "Bearer " + field(client.send("POST", "/token", form(again + refresh)), "access_token");
            assertThat(client.get(MANIFEST, "Authorization", second).statusCode())
                    .isEqualTo(200);
            assertThat(client.send("POST", "/token", form(again + "guess")).statusCode())
                    .isEqualTo(401);
            assertThat(client.send("POST", "/token", form("grant_type=other")).statusCode())
                    .isEqualTo(401);
            assertThat(client.send("POST", "/token", form("a=%zz")).statusCode())
                    .isEqualTo(400);
            assertThat(client.send("DELETE", "/token", NONE).statusCode()).isEqualTo(405);
        }
    }

    @Test
    void peopleWithoutCredentialsMayPullWhereThatIsAllowed() throws Exception {
        Access access = new Access.Tokens(new Credentials("ann", "pw"), true, Duration.ofMinutes(1));
        MirrorOptions options = MirrorOptions.defaults().withAccess(access).withPush();
        try (MirrorServer server = MirrorServer.start(options, upstream);
                TestClient client = new TestClient(server)) {
            String bearer = "Bearer " + field(client.get("/token?scope=repository:a/b:pull,push"), "token");
            assertThat(client.get(MANIFEST, "Authorization", bearer).statusCode())
                    .isEqualTo(200);
            assertThat(client.send("POST", "/v2/a/b/blobs/uploads/", NONE, "Authorization", bearer)
                            .statusCode())
                    .isEqualTo(401);
        }
    }
}
