package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.credentials.Credential;
import io.lighterage.resolver.credentials.CredentialSource;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import okhttp3.Credentials;
import org.jspecify.annotations.Nullable;

/// What to put into `Authorization` for one repository of one registry.
///
/// Knows nothing until the registry's first 401 says how it wants to be asked; from then on every request carries the
/// header, and a bearer token is renewed before it expires. When a credential is refused that was good before, it is
/// looked up again: some helpers hand out passwords that last for hours only. Tokens are kept by their sorted scopes;
/// scopes only grow.
/// All state is guarded by `lock`, which is held while a token is fetched, so that however many requests find the
/// token gone, one of them gets the next.
final class Authorizer {
    /// More than any pull needs; a registry that wants more and more is not followed for ever.
    private static final int MAX_SCOPES = 16;

    private final String domain;
    private final String repository;
    private final CredentialSource source;
    private final TokenEndpoint tokens;
    private final Timing timing;

    private final ReentrantLock lock = new ReentrantLock();
    private final SortedSet<String> scopes = new TreeSet<>();
    private final Map<SortedSet<String>, Token> cache = new HashMap<>();
    private @Nullable Credential credential;
    private boolean looked;
    private @Nullable Challenge bearer;
    private String basic = "";

    Authorizer(String domain, String repository, CredentialSource source, TokenEndpoint tokens, Timing timing) {
        this.domain = domain;
        this.repository = repository;
        this.source = source;
        this.tokens = tokens;
        this.timing = timing;
    }

    /// The header to send, or an empty string as long as the registry has not asked for one.
    String current() {
        return locked(this::header);
    }

    /// What to send after a 401, or empty when there is nothing better than what was sent.
    ///
    /// @param sent the header the refused request carried
    Optional<String> answer(List<Challenge> challenges, String sent) {
        return locked(() -> {
            String now = header();
            if (!now.isEmpty() && !now.equals(sent)) {
                return Optional.of(now); // another request has renewed it meanwhile
            }
            for (Challenge challenge : challenges) {
                if (challenge.scheme().equals("bearer")
                        && !challenge.parameter("realm").isEmpty()) {
                    return afterBearer(challenge);
                }
            }
            boolean wantsBasic = challenges.stream().anyMatch(c -> c.scheme().equals("basic"));
            return wantsBasic ? afterBasic() : Optional.empty();
        });
    }

    private Optional<String> afterBearer(Challenge challenge) {
        cache.remove(scopes);
        String asked = challenge.parameter("scope");
        if (asked.isBlank()) {
            scopes.add("repository:" + repository + ":pull");
        } else {
            for (String scope : asked.strip().split(" +")) {
                if (scopes.size() < MAX_SCOPES) {
                    scopes.add(scope);
                }
            }
        }
        bearer = challenge;
        basic = "";
        if (credential instanceof Credential.RegistryToken) {
            looked = false; // no server renews it, but its owner may have
        }
        return Optional.of(header());
    }

    private Optional<String> afterBasic() {
        String refused = basic;
        if (!refused.isEmpty()) {
            looked = false;
        }
        if (credential() instanceof Credential.Password(String user, String secret)) {
            basic = Credentials.basic(user, secret, StandardCharsets.UTF_8);
        }
        return basic.equals(refused) ? Optional.empty() : Optional.of(basic);
    }

    private String header() {
        Challenge challenge = bearer;
        if (challenge == null) {
            return basic;
        }
        Token token = cache.get(scopes);
        if (token == null || !token.isFresh(timing.clock().instant())) {
            token = token(challenge);
            cache.put(new TreeSet<>(scopes), token);
        }
        return "Bearer " + token.value();
    }

    private Token token(Challenge challenge) {
        boolean known = looked;
        Credential before = credential();
        try {
            return tokens.token(challenge, scopes, before);
        } catch (ImageException refused) {
            if (!known || (refused.kind() != ErrorKind.UNAUTHENTICATED && refused.kind() != ErrorKind.DENIED)) {
                throw refused;
            }
            looked = false;
            Credential now = credential();
            if (Objects.equals(now, before)) {
                throw refused;
            }
            return tokens.token(challenge, scopes, now);
        }
    }

    private @Nullable Credential credential() {
        if (!looked) {
            credential = source.find(domain, repository).orElse(null);
            looked = true;
        }
        return credential;
    }

    private <T> T locked(Supplier<T> work) {
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for a token of " + domain, e);
        }
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }
}
