package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A failed exchange with a registry, and whether trying again may help.
final class RegistryFailure extends ImageException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final int patience;
    private final @Nullable Duration retryAfter;

    RegistryFailure(
            ErrorKind kind,
            String message,
            int status,
            int patience,
            @Nullable Duration retryAfter,
            @Nullable Throwable cause) {
        super(kind, message, cause);
        this.status = status;
        this.patience = patience;
        this.retryAfter = retryAfter;
    }

    /// Trying again will not help.
    static RegistryFailure lasting(ErrorKind kind, String message) {
        return new RegistryFailure(kind, message, 0, 0, null, null);
    }

    /// Trying again may help.
    static RegistryFailure passing(String message, @Nullable Throwable cause) {
        return new RegistryFailure(ErrorKind.UNAVAILABLE, message, 0, Integer.MAX_VALUE, null, cause);
    }

    /// HTTP status, or 0 when there was no answer.
    int status() {
        return status;
    }

    /// How many further attempts are worth making, 0 for none.
    int patience() {
        return patience;
    }

    /// How long the peer asks us to wait.
    Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /// The same failure for the last time, saying why there is no further attempt.
    RegistryFailure last(String why) {
        return new RegistryFailure(kind(), getMessage() + why, status, 0, retryAfter, this);
    }
}
