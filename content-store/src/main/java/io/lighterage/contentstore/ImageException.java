package io.lighterage.contentstore;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The one root of every failure a caller may want to tell apart.
///
/// The kind is chosen where the failure is found and mapped once per edge. The message says what was tried, on
/// what, what happened, what was expected and what to do; it never holds credentials or query strings.
public class ImageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorKind kind;
    private final String message;

    public ImageException(ErrorKind kind, String message) {
        this(kind, message, null);
    }

    public ImageException(ErrorKind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = Objects.requireNonNull(kind);
        this.message = message;
    }

    /// Never null, unlike that of other throwables.
    @Override
    public String getMessage() {
        return message;
    }

    public ErrorKind kind() {
        return kind;
    }
}
