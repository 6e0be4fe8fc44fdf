package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.time.Duration;
import java.util.function.Supplier;

/// Repeats what is worth repeating: exponential backoff with full jitter, never sooner than the peer asks.
///
/// @param retries attempts after the first
/// @param timing time, sleep and chance
record RetryPolicy(int retries, Timing timing) {
    /// First step of the backoff: long enough for a restart of a connection, short enough not to be noticed.
    static final Duration BASE = Duration.ofMillis(250);
    /// Longest step of the backoff.
    static final Duration CAP = Duration.ofSeconds(20);
    /// The longest a peer may make us wait; a user would rather know than sit there.
    static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

    private static final System.Logger LOG = System.getLogger(RetryPolicy.class.getName());

    /// Runs the attempt until it succeeds or a failure is not worth another one.
    <T> T call(Supplier<T> attempt) {
        for (int failures = 1; ; failures++) {
            try {
                return attempt.get();
            } catch (RegistryFailure failure) {
                pause(failure, failures);
            }
        }
    }

    /// Waits before the next attempt, or throws when there is to be none.
    ///
    /// @param failures how often it failed in a row, this time included
    void pause(RegistryFailure failure, int failures) {
        if (failure.patience() == 0) {
            throw failure;
        }
        if (failures > Math.min(retries, failure.patience())) {
            throw failures == 1 ? failure : failure.last("; gave up after " + failures + " attempts");
        }
        Duration asked = failure.retryAfter().orElse(Duration.ZERO);
        if (asked.compareTo(LONGEST_WAIT) > 0) {
            throw failure.last("; it asks to wait " + asked.toSeconds() + " s, try again then");
        }
        Duration wait = backoff(failures);
        Duration chosen = wait.compareTo(asked) > 0 ? wait : asked;
        LOG.log(
                System.Logger.Level.DEBUG,
                () -> "attempt " + failures + " failed, next in " + chosen.toMillis() + " ms: " + failure.getMessage());
        try {
            timing.sleeper().sleep(chosen);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting to try again", e);
        }
    }

    private Duration backoff(int failures) {
        long ceiling = Math.min(CAP.toMillis(), BASE.toMillis() << Math.min(failures - 1, 10));
        return Duration.ofMillis((long) (timing.random().getAsDouble() * ceiling));
    }
}
