package io.lighterage.resolver.registry;

import java.time.Instant;

/// A bearer token.
///
/// @param value what stands behind `Bearer `
/// @param refreshAt when to get a new one, somewhat before it expires
/// @param refreshToken for getting the next one without the password, or empty
record Token(String value, Instant refreshAt, String refreshToken) {
    boolean isFresh(Instant now) {
        return now.isBefore(refreshAt);
    }

    @Override
    public String toString() {
        return "Token[refreshAt=" + refreshAt + "]";
    }
}
