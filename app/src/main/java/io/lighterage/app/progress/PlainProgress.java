package io.lighterage.app.progress;

import io.lighterage.app.ByteCount;
import io.lighterage.runtime.ProgressEvent;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// One line for each change of state: for logs and pipes.
public final class PlainProgress implements ProgressDisplay {
    private final PrintStream err;
    private final Map<String, Set<ProgressEvent.State>> seen = new HashMap<>();

    public PlainProgress(PrintStream err) {
        this.err = err;
    }

    @Override
    public synchronized void on(ProgressEvent event) {
        if (seen.computeIfAbsent(event.subject(), subject -> new HashSet<>()).add(event.state())) {
            err.println(line(event));
            err.flush();
        }
    }

    /// The line for an event, such as `3a1f0c9be2d4 downloading 12.3 MB`.
    static String line(ProgressEvent event) {
        String word = event.state().name().toLowerCase(Locale.ROOT);
        String size = switch (event.state()) {
            case RESOLVING, WAITING, COMPLETE -> "";
            case RESOLVED, EXISTS, DOWNLOADING, DOWNLOADED -> sized(event.total());
            case UNPACKING, CONVERTING -> "";
            case UNPACKED, CONVERTED -> sized(event.current());
        };
        return Subjects.shortened(event.subject()) + " " + word + size;
    }

    private static String sized(long bytes) {
        return bytes > 0 ? " " + ByteCount.text(bytes) : "";
    }
}
