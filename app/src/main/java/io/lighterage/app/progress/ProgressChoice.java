package io.lighterage.app.progress;

import io.lighterage.linux.Terminal;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;

/// Picks how progress is shown.
public final class ProgressChoice {
    private static final int STDERR = 2;
    private static final Terminal.Size USUAL = new Terminal.Size(24, 80);

    /// Below this a board cannot show a layer and its footer.
    private static final int FEWEST_ROWS = 4;

    private ProgressChoice() {}

    /// The display for a style on this process's stderr.
    ///
    /// @param reference the image as the user named it
    /// @param operation `pull` or `unpack`
    public static ProgressDisplay display(
            ProgressStyle style, PrintStream err, Map<String, String> environment, String reference, String operation) {
        return switch (style) {
            case NONE -> ProgressDisplay.NONE;
            case JSON -> new JsonProgress(err, reference, operation);
            case PLAIN -> new PlainProgress(err);
            case AUTO ->
                canRedraw(environment)
                        ? new TerminalProgress(err, () -> size(environment), InstantSource.system())
                        : new PlainProgress(err);
        };
    }

    /// Whether stderr is a terminal whose lines can be drawn again.
    public static boolean canRedraw(Map<String, String> environment) {
        String kind = environment.getOrDefault("TERM", "dumb");
        return !kind.equals("dumb")
                && !kind.isEmpty()
                && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && isTerminal()
                && size(environment).rows() >= FEWEST_ROWS;
    }

    /// Asked of /proc because Java's console knows only stdin and stdout, and `digest=$(lighter pull …)` has neither.
    private static boolean isTerminal() {
        try {
            String target =
                    Files.readSymbolicLink(Path.of("/proc/self/fd/" + STDERR)).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException e) {
            return false; // closed, or no /proc: a log is the safe guess
        }
    }

    private static Terminal.Size size(Map<String, String> environment) {
        return Terminal.size(STDERR).orElseGet(() -> fromEnvironment(environment));
    }

    private static Terminal.Size fromEnvironment(Map<String, String> environment) {
        return new Terminal.Size(
                number(environment.getOrDefault("LINES", ""), USUAL.rows()),
                number(environment.getOrDefault("COLUMNS", ""), USUAL.columns()));
    }

    private static int number(String text, int otherwise) {
        return text.matches("[1-9][0-9]{0,3}") ? Integer.parseInt(text) : otherwise;
    }
}
