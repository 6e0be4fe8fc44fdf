package io.lighterage.contentstore;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.api.ThrowingConsumer;

/// What tests expect of failures.
public final class Failures {
    private Failures() {}

    /// The failure is an [ImageException] of this kind.
    public static ThrowingConsumer<Throwable> kind(ErrorKind kind) {
        return failure -> assertThat(failure)
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind));
    }
}
