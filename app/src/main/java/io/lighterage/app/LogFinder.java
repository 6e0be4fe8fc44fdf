package io.lighterage.app;

import java.lang.System.Logger.Level;
import java.text.MessageFormat;
import java.time.Clock;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/// Where the log of our own modules goes: one line an event on stderr, warnings and worse unless `LIGHTER_LOG` or a
/// server's configuration names another level. Costs a start nothing, unlike a logging framework.
public final class LogFinder extends System.LoggerFinder {
    private volatile LogForm form = LogForm.of(System.getenv().getOrDefault("LIGHTER_LOG", ""));

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new Line(name, this);
    }

    /// From now on the log of this process is written so, that of libraries included.
    public static void use(LogFormat format, LogLevel level) {
        if (System.LoggerFinder.getLoggerFinder() instanceof LogFinder finder) {
            finder.form = new LogForm(format, level);
        }
    }

    /// What a server says whatever the level, as a line of the log.
    public static String info(String logger, String message) {
        return form().line(Clock.systemUTC().instant(), LogForm.severity(Level.INFO), logger, message, null);
    }

    /// How the log of this process is written.
    static LogForm form() {
        return System.LoggerFinder.getLoggerFinder() instanceof LogFinder finder
                ? finder.form
                : LogForm.of(""); // another finder goes before ours
    }

    private record Line(String name, LogFinder finder) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isLoggable(Level level) {
            return finder.form.level().covers(level);
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, String message, @Nullable Throwable thrown) {
            if (isLoggable(level)) {
                System.err.println(
                        finder.form.line(Clock.systemUTC().instant(), LogForm.severity(level), name, message, thrown));
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
