package io.lighterage.mirror;

import java.time.Duration;

/// Who may use the mirror.
public sealed interface Access {
    /// Everybody.
    record Open() implements Access {}

    /// Whoever sends the user's name and password with each request.
    record Basic(Credentials credentials) implements Access {}

    /// Whoever holds a token of the built-in token endpoint `/token` for the repository.
    ///
    /// @param credentials who is given tokens for what they ask
    /// @param anonymousPull whether people without credentials are given tokens to pull
    /// @param lifetime how long a token is good; at least a second
    record Tokens(Credentials credentials, boolean anonymousPull, Duration lifetime) implements Access {}
}
