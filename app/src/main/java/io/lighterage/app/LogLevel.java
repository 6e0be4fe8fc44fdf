package io.lighterage.app;

import java.util.Arrays;
import java.util.Optional;

/// The least severe events that are logged.
public enum LogLevel {
    ERROR(System.Logger.Level.ERROR),
    WARNING(System.Logger.Level.WARNING),
    INFO(System.Logger.Level.INFO),
    DEBUG(System.Logger.Level.DEBUG),
    TRACE(System.Logger.Level.TRACE);

    private final System.Logger.Level level;

    LogLevel(System.Logger.Level level) {
        this.level = level;
    }

    /// The level of that name, in any case of letters.
    public static Optional<LogLevel> named(String text) {
        return Arrays.stream(values())
                .filter(value -> value.name().equalsIgnoreCase(text))
                .findFirst();
    }

    boolean covers(System.Logger.Level event) {
        return event != System.Logger.Level.OFF && event.getSeverity() >= level.getSeverity();
    }
}
