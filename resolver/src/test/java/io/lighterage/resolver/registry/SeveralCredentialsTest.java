package io.lighterage.resolver.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.resolver.Configs;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.credentials.Credential;
import io.lighterage.resolver.credentials.CredentialSource;
import java.util.List;
import java.util.Optional;
import mockwebserver3.RecordedRequest;
import okhttp3.Credentials;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Credentials that may all fit, of which some are refused.
@Timeout(60)
class SeveralCredentialsTest {
    private static final Credential WRONG = new Credential.Password("me", "wrong");
    private static final Credential OTHER = new Credential.Password("me", "other");
    private static final Credential RIGHT = new Credential.Password("me", "right");

    private FakeRegistry registry;
    private FakeRegistry tokens;

    private record Given(List<Credential> all) implements CredentialSource {
        @Override
        public Optional<Credential> find(String domain, String repository) {
            return all.stream().findFirst();
        }

        @Override
        public List<Credential> findAll(String domain, String repository) {
            return all;
        }
    }

    @BeforeEach
    void start() throws Exception {
        registry = new FakeRegistry();
        tokens = new FakeRegistry();
        registry.manifest("1", MediaType.OCI_MANIFEST, "{\"schemaVersion\":2,\"config\":{},\"layers\":[]}");
    }

    @AfterEach
    void stop() {
        registry.close();
        tokens.close();
    }

    private void basic(int status) {
        String right = Credentials.basic("me", "right");
        registry.when(request -> {
            String sent = sent(request);
            return right.equals(sent)
                    ? Optional.empty()
                    : Optional.of(FakeRegistry.status(sent.isEmpty() ? 401 : status)
                            .addHeader("WWW-Authenticate", "Basic realm=\"x\"")
                            .build());
        });
    }

    private void bearer(String good) {
        String challenge = "Bearer realm=\"http://" + tokens.host() + "/token\",service=x";
        registry.when(request -> sent(request).equals("Bearer " + good)
                ? Optional.empty()
                : Optional.of(FakeRegistry.status(401)
                        .addHeader("WWW-Authenticate", challenge)
                        .build()));
    }

    private static String sent(RecordedRequest request) {
        String sent = request.getHeaders().get("Authorization");
        return sent == null ? "" : sent;
    }

    private void resolve(Credential... credentials) {
        try (ImageSource source = registry.open(":1", Configs.plain().withLearned(new Given(List.of(credentials))))) {
            source.resolve();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403})
    void theNextIsTriedWhenTheRegistryRefusesOne(int status) {
        basic(status);
        resolve(WRONG, new Credential.IdentityToken("of no use here"), OTHER, RIGHT);
        assertThat(registry.seen()).hasSize(4);
    }

    @Test
    void whenAllAreRefusedEachWasTriedOnce() {
        basic(401);
        ImageException failure = catchThrowableOfType(ImageException.class, () -> resolve(WRONG, OTHER));
        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHENTICATED);
        assertThat(failure.toString()).doesNotContain("wrong").doesNotContain("other");
        assertThat(registry.seen()).hasSize(3);
    }

    @Test
    void theNextIsTriedWhenTheTokenServerRefusesOne() {
        bearer("good");
        tokens.always("/token", request -> {
            boolean right = request.getMethod().equals("POST")
                    && java.util.Objects.requireNonNull(request.getBody())
                            .utf8()
                            .contains("password=right");
            return right
                    ? FakeRegistry.status(200).body("{\"token\":\"good\"}").build()
                    : FakeRegistry.status(401).build();
        });
        resolve(WRONG, OTHER, RIGHT);
        assertThat(registry.seen()).as("one challenge, one answer").hasSize(2);
    }

    @Test
    void theNextIsTriedWhenATokenWasGivenThatIsOfNoUse() {
        bearer("good");
        tokens.always("/token", request -> {
            String form = java.util.Objects.requireNonNull(request.getBody()).utf8();
            String token = form.contains("password=right") ? "good" : "empty";
            return FakeRegistry.status(200)
                    .body("{\"token\":\"" + token + "\"}")
                    .build();
        });
        resolve(WRONG, OTHER, RIGHT);
        assertThat(registry.seen()).hasSize(4);
    }
}
