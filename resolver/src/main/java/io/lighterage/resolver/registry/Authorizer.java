package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.credentials.Credential;
import io.lighterage.resolver.credentials.CredentialSource;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import okhttp3.Credentials;
import org.jspecify.annotations.Nullable;

/// What to put into `Authorization` for one repository of one registry.
///
/// Knows nothing until the registry's first 401 says how it wants to be asked; from then on every request carries the
/// header, and a bearer token is renewed before it expires. When a credential is refused, by the registry or its token
/// server, the next one that may fit is tried; when all were, they are looked up again: some helpers hand out
/// passwords that last for hours only. Tokens are kept by their sorted scopes; scopes only grow.
/// All state is guarded by `lock`, which is held while a token is fetched, so that however many requests find the
/// token gone, one of them gets the next.
final class Authorizer {
    /// More than any pull needs; a registry that wants more and more is not followed for ever.
    private static final int MAX_SCOPES = 16;

    /// More than any source gives; one that gives another at each look is not followed for ever.
    private static final int MAX_REFUSED = 16;

    private final String domain;
    private final String repository;
    private final CredentialSource source;
    private final TokenEndpoint tokens;
    private final Timing timing;

    private final ReentrantLock lock = new ReentrantLock();
    private final SortedSet<String> scopes = new TreeSet<>();
    private final Map<SortedSet<String>, Token> cache = new HashMap<>();
    private final Set<Credential> refused = new HashSet<>();
    private List<Credential> candidates = List.of();
    private int at;
    private boolean looked;
    /// Whether the candidates were looked up while the lock has been held this time.
    private boolean justLooked;
    private volatile int spare;
    private volatile String accepted = "";
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
                    return afterBearer(challenge, sent);
                }
            }
            boolean wantsBasic = challenges.stream().anyMatch(c -> c.scheme().equals("basic"));
            return wantsBasic ? afterBasic() : Optional.empty();
        });
    }

    /// What to send after a 403, or empty when no other credential is known.
    ///
    /// @param sent the header the refused request carried
    Optional<String> another(String sent) {
        return locked(() -> {
            if (sent.isEmpty() || sent.equals(accepted) || candidates.size() < 2) {
                return Optional.empty();
            }
            String now = header();
            if (!now.isEmpty() && !now.equals(sent)) {
                return Optional.of(now);
            }
            justLooked = true; // an account that may not do this is no reason to ask helpers again
            if (bearer == null) {
                return afterBasic();
            }
            return next() ? Optional.of(header()) : Optional.empty();
        });
    }

    /// A request with this header was served, so what is behind it fits.
    void accepted(String sent) {
        if (!sent.equals(accepted)) {
            accepted = sent;
        }
    }

    /// How many credentials there are to try after the first.
    int spare() {
        return spare;
    }

    private Optional<String> afterBearer(Challenge challenge, String sent) {
        cache.remove(scopes);
        boolean grown = false;
        String asked = challenge.parameter("scope");
        if (asked.isBlank()) {
            grown = scopes.add("repository:" + repository + ":pull");
        } else {
            for (String scope : asked.strip().split(" +")) {
                if (scopes.size() < MAX_SCOPES) {
                    grown |= scopes.add(scope);
                }
            }
        }
        bearer = challenge;
        basic = "";
        // A token that was good before has become too old; one that never was is its credential's fault.
        boolean isRenewable = sent.equals(accepted) && !(credential() instanceof Credential.RegistryToken);
        if (sent.startsWith("Bearer ") && !grown && !isRenewable) {
            boolean ignored = next(); // else the same once more: some servers lag behind their own tokens
        }
        return Optional.of(header());
    }

    private Optional<String> afterBasic() {
        boolean more = basic.isEmpty() || next();
        while (more) {
            if (credential() instanceof Credential.Password(String user, String secret)) {
                basic = Credentials.basic(user, secret, StandardCharsets.UTF_8);
                return Optional.of(basic);
            }
            more = credential() != null && next();
        }
        basic = "";
        return Optional.empty();
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
        while (true) {
            try {
                return tokens.token(challenge, scopes, credential());
            } catch (ImageException e) {
                if ((e.kind() != ErrorKind.UNAUTHENTICATED && e.kind() != ErrorKind.DENIED) || !next()) {
                    throw e;
                }
            }
        }
    }

    private @Nullable Credential credential() {
        if (!looked) {
            look();
        }
        return at < candidates.size() ? candidates.get(at) : null;
    }

    private void look() {
        candidates = List.copyOf(source.findAll(domain, repository));
        spare = Math.max(0, candidates.size() - 1);
        at = 0;
        looked = true;
        justLooked = true;
    }

    /// Goes on to a credential that was not refused yet, looking for new ones when all that are known were.
    ///
    /// @return false when there is none; the next request then begins with the first again
    private boolean next() {
        Credential now = credential();
        if (now != null) {
            refused.add(now);
        }
        cache.clear();
        if (refused.size() < MAX_REFUSED) {
            if (choose()) {
                return true;
            }
            if (!justLooked) {
                look();
                if (choose()) {
                    return true;
                }
            }
        }
        refused.clear();
        at = 0;
        return false;
    }

    private boolean choose() {
        for (int i = 0; i < candidates.size(); i++) {
            if (!refused.contains(candidates.get(i))) {
                at = i;
                return true;
            }
        }
        return false;
    }

    private <T> T locked(Supplier<T> work) {
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for a token of " + domain, e);
        }
        try {
            justLooked = false;
            return work.get();
        } finally {
            lock.unlock();
        }
    }
}
