package io.lighterage.app;

import java.lang.System.Logger.Level;
import java.text.MessageFormat;
import java.util.Locale;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/// Where the log of our own modules goes: one line an event on stderr, warnings and worse unless `LIGHTER_LOG` names
/// another level (`error`, `warning`, `info`, `debug`, `trace`). Costs a start nothing, unlike a logging framework.
public final class LogFinder extends System.LoggerFinder {
    private final Level threshold = threshold(System.getenv().getOrDefault("LIGHTER_LOG", ""));

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new Line(name, threshold);
    }

    /// The level of that name; warnings where there is none.
    static Level threshold(String text) {
        for (Level level : Level.values()) {
            if (level.name().equalsIgnoreCase(text)) {
                return level;
            }
        }
        return Level.WARNING;
    }

    private record Line(String name, Level threshold) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isLoggable(Level level) {
            return level != Level.OFF && level.getSeverity() >= threshold.getSeverity();
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, String message, @Nullable Throwable thrown) {
            if (isLoggable(level)) {
                String cause = thrown == null ? "" : ": " + thrown;
                System.err.println("lighter: " + level.name().toLowerCase(Locale.ROOT) + ": " + message + cause);
            }
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, String format, @Nullable Object... values) {
            if (isLoggable(level)) {
                boolean plain = values == null || values.length == 0;
                log(level, bundle, plain ? format : MessageFormat.format(format, values), (Throwable) null);
            }
        }
    }
}
