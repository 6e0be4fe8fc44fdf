package io.lighterage.resolver.credentials;

/// A secret for one registry. Never printed: every `toString` hides it.
public sealed interface Credential {
    /// A user name and a password (or personal access token).
    record Password(String user, String secret) implements Credential {
        @Override
        public String toString() {
            return "Password[user=" + user + "]";
        }
    }

    /// An OAuth2 refresh token, to be exchanged for a bearer token.
    record IdentityToken(String token) implements Credential {
        @Override
        public String toString() {
            return "IdentityToken[]";
        }
    }

    /// A bearer token to be sent as it is.
    record RegistryToken(String token) implements Credential {
        @Override
        public String toString() {
            return "RegistryToken[]";
        }
    }
}
