package io.lighterage.resolver.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.resolver.Configs;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.MemoryIngest;
import io.lighterage.resolver.ResolverConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import okhttp3.Credentials;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tokens and Basic, against a registry that wants them and a token server on another port.
@Timeout(60)
class TokenTest {
    private static final String MANIFEST = "{\"schemaVersion\":2,\"config\":{},\"layers\":[]}";
    private static final String PULL = "repository:r:pull";

    @TempDir
    Path temp;

    private final Set<String> valid = ConcurrentHashMap.newKeySet();
    private final AtomicInteger issued = new AtomicInteger();
    private FakeRegistry registry;
    private FakeRegistry tokens;
    private String challenge = "";
    private int expires = 300;

    @BeforeEach
    void start() throws IOException {
        registry = new FakeRegistry();
        tokens = new FakeRegistry();
        registry.manifest("1", MediaType.OCI_MANIFEST, MANIFEST);
        challenge = "Bearer realm=\"http://" + tokens.host() + "/token\",service=\"test, inc\",scope=\"" + PULL + "\"";
        tokens.always("/token", request -> issue());
    }

    @AfterEach
    void stop() {
        registry.close();
        tokens.close();
    }

    @Test
    void anonymousAccessGetsATokenAndUsesItForEverything() {
        guard();
        Descriptor blob = registry.blob(new byte[100]);
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            source.resolve();
            source.fetch(blob, new MemoryIngest(blob), 0, n -> {});
        }
        assertThat(tokens.seen()).hasSize(1);
        RecordedRequest asked = tokens.seen().getFirst();
        assertThat(asked.getMethod()).isEqualTo("GET");
        assertThat(asked.getUrl().queryParameter("service")).isEqualTo("test, inc");
        assertThat(asked.getUrl().queryParameterValues("scope")).containsExactly(PULL);
        assertThat(asked.getHeaders().get("Authorization")).isNull();
        assertThat(registry.seen()).as("one challenge, then two answers").hasSize(3);
    }

    @Test
    void aPasswordIsPostedAndNeverSentToTheRegistry() {
        guard();
        resolve(Configs.withCredentials("me:s3cret"));
        RecordedRequest asked = tokens.seen().getFirst();
        assertThat(asked.getMethod()).isEqualTo("POST");
        assertThat(body(asked)).contains("grant_type=password", "username=me", "password=s3cret");
        assertThat(registry.seen())
                .noneMatch(
                        r -> String.valueOf(r.getHeaders().get("Authorization")).startsWith("Basic"));
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 404, 405})
    void aTokenServerThatKnowsNoPostIsAskedWithBasic(int status) {
        guard();
        tokens.close();
        replaceTokens(status);
        resolve(Configs.withCredentials("me:s3cret"));
        assertThat(tokens.seen()).extracting(RecordedRequest::getMethod).containsExactly("POST", "GET");
        assertThat(tokens.seen().getLast().getHeaders().get("Authorization"))
                .isEqualTo(Credentials.basic("me", "s3cret"));
    }

    @Test
    void anIdentityTokenIsExchanged() throws IOException {
        guard();
        Path file = Files.writeString(
                temp.resolve("auth.json"), "{\"auths\":{\"" + registry.host() + "\":{\"identitytoken\":\"idid\"}}}");
        resolve(Configs.withAuthFile(file));
        assertThat(body(tokens.seen().getFirst())).contains("grant_type=refresh_token", "refresh_token=idid");
    }

    @Test
    void aRegistryTokenIsSentAsItIs() throws IOException {
        guard();
        valid.add("ready-made");
        Path file = Files.writeString(
                temp.resolve("auth.json"),
                "{\"auths\":{\"" + registry.host() + "\":{\"registrytoken\":\"ready-made\"}}}");
        resolve(Configs.withAuthFile(file));
        assertThat(tokens.seen()).isEmpty();
    }

    @Test
    void basicIsSentWhenThatIsAllTheRegistryOffers() {
        challenge = "Basic realm=\"here\"";
        String right = Credentials.basic("me", "pässword", StandardCharsets.UTF_8);
        registry.when(request -> right.equals(request.getHeaders().get("Authorization"))
                ? Optional.empty()
                : Optional.of(unauthorized()));
        resolve(Configs.withCredentials("me:pässword"));
        assertThat(registry.seen()).hasSize(2);
    }

    @Test
    void bearerIsPreferredAmongSeveralHeaders() {
        registry.when(request -> isValid(request)
                ? Optional.empty()
                : Optional.of(FakeRegistry.status(401)
                        .addHeader("WWW-Authenticate", "Negotiate abc==, Basic realm=\"x\"")
                        .addHeader("WWW-Authenticate", challenge)
                        .build()));
        resolve(Configs.withCredentials("me:s3cret"));
        assertThat(tokens.seen()).isNotEmpty();
    }

    @Test
    void wrongBasicCredentialsAreTriedOnce() {
        challenge = "Basic realm=\"here\"";
        registry.always("/v2/", request -> unauthorized());
        assertThat(failure(Configs.withCredentials("me:wrong")).kind()).isEqualTo(ErrorKind.UNAUTHENTICATED);
        assertThat(registry.seen()).hasSize(2);
    }

    @Test
    void aTokenThatIsRefusedIsReplacedOnce() {
        guard();
        Descriptor blob = registry.blob(new byte[100]);
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            source.resolve();
            valid.clear();
            challenge += ",error=\"invalid_token\"";
            source.fetch(blob, new MemoryIngest(blob), 0, n -> {});
        }
        assertThat(tokens.seen()).hasSize(2);
    }

    @Test
    void scopesGrowWhenTheRegistryAsksForMore() {
        registry.when(request -> {
            String sent = String.valueOf(request.getHeaders().get("Authorization"));
            if (sent.equals("Bearer token-2")) {
                return Optional.empty();
            }
            if (sent.equals("Bearer token-1")) {
                challenge = challenge.replace("repository:r:pull", "repository:other:pull")
                        + ",error=\"insufficient_scope\"";
            }
            return Optional.of(unauthorized());
        });
        resolve(Configs.plain());
        assertThat(tokens.seen().getLast().getUrl().queryParameterValues("scope"))
                .containsExactly("repository:other:pull", PULL);
    }

    @Test
    void aTokenIsRenewedBeforeItExpiresAndByOneRequestOnly() {
        expires = -1;
        guard();
        List<Descriptor> blobs = new ArrayList<>();
        for (int i = 1; i <= 8; i++) {
            blobs.add(registry.blob(new byte[i]));
        }
        try (ImageSource source = registry.open(":1", Configs.plain());
                TaskGroup group = new TaskGroup("test")) {
            for (Descriptor blob : blobs) {
                group.fork(() -> {
                    source.fetch(blob, new MemoryIngest(blob), 0, n -> {});
                    return true;
                });
            }
            group.join();
        }
        assertThat(tokens.seen()).hasSize(1);
    }

    @Test
    void aRegistryThatIsNeverContentIsGivenUp() {
        registry.always("/v2/", request -> unauthorized());
        ImageException failure = failure(Configs.plain());
        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHENTICATED);
        assertThat(failure).hasMessageContaining("--creds");
        assertThat(registry.seen()).hasSize(3);
    }

    @Test
    void aRefusedPasswordIsUnauthenticatedAndNotInTheMessage() {
        guard();
        tokens.close();
        replaceTokensByRefusal();
        ImageException failure = failure(Configs.withCredentials("me:s3cret"));
        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHENTICATED);
        assertThat(failure.toString()).doesNotContain("s3cret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://169.254.169.254/latest/meta-data",
                "http://[fe80::1]/token",
                "ftp://example.com/",
                "nonsense"
            })
    void aRealmWhereMachinesKeepTheirSecretsIsNotAsked(String realm) {
        challenge = "Bearer realm=\"" + realm + "\"";
        registry.always("/v2/", request -> unauthorized());
        ImageException failure = failure(Configs.withCredentials("me:s3cret"));
        assertThat(failure.kind()).isEqualTo(ErrorKind.DENIED);
        assertThat(failure).hasMessageContaining("token server");
    }

    @ParameterizedTest
    @ValueSource(strings = {"not json", "{}", "{\"token\":\"a\\nb\"}", "[]"})
    void aTokenServerThatTalksNonsenseIsUnavailable(String answer) {
        guard();
        tokens.close();
        tokens = new FakeRegistry();
        tokens.always("/token", request -> FakeRegistry.status(200).body(answer).build());
        challenge = "Bearer realm=\"http://" + tokens.host() + "/token\"";
        assertThat(failure(Configs.plain()).kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    }

    /// Lets only valid tokens in.
    private void guard() {
        registry.when(request -> isValid(request) ? Optional.empty() : Optional.of(unauthorized()));
    }

    private boolean isValid(RecordedRequest request) {
        String sent = String.valueOf(request.getHeaders().get("Authorization"));
        return sent.startsWith("Bearer ") && valid.contains(sent.substring("Bearer ".length()));
    }

    private MockResponse unauthorized() {
        return FakeRegistry.status(401).addHeader("WWW-Authenticate", challenge).build();
    }

    private MockResponse issue() {
        String token = "token-" + issued.incrementAndGet();
        valid.add(token);
        return FakeRegistry.status(200)
                .body("{\"access_token\":\"" + token + "\",\"expires_in\":" + expires + "}")
                .build();
    }

    private void replaceTokens(int postStatus) {
        renew();
        tokens.when(request -> request.getMethod().equals("POST")
                ? Optional.of(FakeRegistry.status(postStatus).build())
                : Optional.of(issue()));
    }

    private void replaceTokensByRefusal() {
        renew();
        tokens.always("/token", request -> FakeRegistry.status(401).build());
    }

    private void renew() {
        tokens = new FakeRegistry();
        challenge = "Bearer realm=\"http://" + tokens.host() + "/token\",service=x";
    }

    private static String body(RecordedRequest request) {
        return java.util.Objects.requireNonNull(request.getBody()).utf8();
    }

    private void resolve(ResolverConfig config) {
        try (ImageSource source = registry.open(":1", config)) {
            source.resolve();
        }
    }

    private ImageException failure(ResolverConfig config) {
        try (ImageSource source = registry.open(":1", config)) {
            return catchThrowableOfType(ImageException.class, source::resolve);
        }
    }
}
