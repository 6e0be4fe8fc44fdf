package io.lighterage.app;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How one event becomes one line, whoever logs it.
///
/// @param format for people or for programs
/// @param level the least severe events of our modules that are logged
record LogForm(LogFormat format, LogLevel level) {
    /// What applies before anybody says otherwise: text, and what `LIGHTER_LOG` names, else warnings.
    static LogForm of(String named) {
        return new LogForm(LogFormat.TEXT, LogLevel.named(named).orElse(LogLevel.WARNING));
    }

    /// Without the line feed. Secrets and control characters are gone from it.
    String line(Instant time, String severity, String logger, String message, @Nullable Throwable thrown) {
        String said = Redaction.of(message);
        if (format == LogFormat.TEXT) {
            String cause = thrown == null ? "" : ": " + Redaction.of(thrown.toString());
            String name = severity.equals("info") ? "" : severity + ": ";
            return "lighter: " + printable(name + said + cause);
        }
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("time", time.truncatedTo(ChronoUnit.MILLIS).toString());
        event.put("level", severity);
        event.put("logger", logger);
        event.put("message", said);
        if (thrown != null) {
            Map<String, Object> exception = new LinkedHashMap<>();
            exception.put("class", thrown.getClass().getName());
            exception.put("message", Redaction.of(String.valueOf(thrown.getMessage())));
            event.put("exception", exception);
        }
        return JsonText.line(event);
    }

    static String severity(System.Logger.Level level) {
        return level.name().toLowerCase(Locale.ROOT);
    }

    /// One line stays one line, and a terminal takes no orders from a registry.
    private static String printable(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c)) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }
}
