package io.lighterage.mirror;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The tokens that are out. Opaque: a token means nothing but its line here.
final class TokenStore {
    // A token lives minutes; whoever asks for more of them at once loses the oldest.
    private static final int MAX_TOKENS = 10_000;

    private final InstantSource clock;
    private final Object lock = new Object();
    private final Map<String, Grant> tokens = new LinkedHashMap<>();
    private final Map<String, Boolean> refreshTokens = new LinkedHashMap<>();

    TokenStore(InstantSource clock) {
        this.clock = clock;
    }

    /// What a token lets do with one repository.
    record Scope(String repository, List<String> actions) {
        private static final Pattern SYNTAX = Pattern.compile("repository(?:\\([a-z]+\\))?:([^:]+):([a-z*,]*)");

        Scope {
            actions = List.copyOf(actions);
        }

        static Optional<Scope> parse(String text) {
            Matcher matcher = SYNTAX.matcher(text);
            if (!matcher.matches() || !Route.NAME.matcher(matcher.group(1)).matches()) {
                return Optional.empty();
            }
            return Optional.of(
                    new Scope(matcher.group(1), List.of(matcher.group(2).split(","))));
        }

        Scope pullOnly() {
            return new Scope(repository, actions.contains("pull") ? List.of("pull") : List.of());
        }

        boolean covers(Scope needed) {
            return repository.equals(needed.repository)
                    && (actions.contains("*") || actions.containsAll(needed.actions));
        }

        @Override
        public String toString() {
            return "repository:" + repository + ":" + String.join(",", actions);
        }
    }

    record Token(String text, Instant issuedAt) {}

    enum Verdict {
        GRANTED,
        UNKNOWN,
        TOO_NARROW
    }

    private record Grant(Instant expires, List<Scope> scopes) {}

    Token issue(List<Scope> scopes, Duration lifetime) {
        Instant now = clock.instant();
        String text = secret();
        synchronized (lock) {
            tokens.values().removeIf(grant -> !grant.expires().isAfter(now));
            dropOldest(tokens);
            tokens.put(text, new Grant(now.plus(lifetime), List.copyOf(scopes)));
        }
        return new Token(text, now);
    }

    String issueRefreshToken() {
        String text = secret();
        synchronized (lock) {
            dropOldest(refreshTokens);
            refreshTokens.put(text, true);
        }
        return text;
    }

    boolean knowsRefreshToken(String text) {
        synchronized (lock) {
            return refreshTokens.containsKey(text);
        }
    }

    /// @param needed empty when any good token will do
    Verdict check(String text, Optional<Scope> needed) {
        Grant grant;
        synchronized (lock) {
            grant = tokens.get(text);
        }
        if (grant == null || !grant.expires().isAfter(clock.instant())) {
            return Verdict.UNKNOWN;
        }
        boolean covered = needed.isEmpty() || grant.scopes().stream().anyMatch(scope -> scope.covers(needed.get()));
        return covered ? Verdict.GRANTED : Verdict.TOO_NARROW;
    }

    /// Makes every token (not the refresh tokens) worthless at once.
    void revokeAll() {
        synchronized (lock) {
            tokens.clear();
        }
    }

    private static <V> void dropOldest(Map<String, V> map) {
        if (map.size() >= MAX_TOKENS) {
            map.remove(map.keySet().iterator().next());
        }
    }

    private String secret() {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
