package io.lighterage.app.progress;

import io.lighterage.app.JsonText;
import io.lighterage.runtime.ProgressEvent;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// One JSON object a line: every change of state, and in between at most ten lines a second for each layer.
public final class JsonProgress implements ProgressDisplay {
    private static final Duration BETWEEN = Duration.ofMillis(100);

    private final PrintStream err;
    private final String reference;
    private final String operation;
    private final Map<String, Last> lasts = new HashMap<>();

    private record Last(ProgressEvent.State state, Instant at) {}

    /// @param reference the image as the user named it
    /// @param operation `pull` or `unpack`
    public JsonProgress(PrintStream err, String reference, String operation) {
        this.err = err;
        this.reference = reference;
        this.operation = operation;
    }

    @Override
    public synchronized void on(ProgressEvent event) {
        Last last = lasts.get(event.subject());
        if (last != null
                && last.state() == event.state()
                && event.at().isBefore(last.at().plus(BETWEEN))) {
            return;
        }
        lasts.put(event.subject(), new Last(event.state(), event.at()));
        err.println(line(event));
        err.flush();
    }

    private String line(ProgressEvent event) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("ts", event.at());
        fields.put("ref", reference);
        if (Subjects.isDigest(event.subject())) {
            fields.put("digest", event.subject());
        }
        fields.put("op", operation);
        fields.put("state", event.state().name().toLowerCase(Locale.ROOT));
        fields.put("current", event.current());
        fields.put("total", event.total());
        return JsonText.line(fields);
    }
}
