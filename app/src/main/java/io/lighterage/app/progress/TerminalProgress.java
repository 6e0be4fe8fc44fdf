package io.lighterage.app.progress;

import io.lighterage.linux.Terminal;
import io.lighterage.runtime.ProgressEvent;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;

/// A board that redraws itself on a terminal, at most ten times a second.
public final class TerminalProgress implements ProgressDisplay {
    private static final Duration BETWEEN = Duration.ofMillis(100);
    private static final String ERASE_BELOW = "\u001b[J";

    private final PrintStream err;
    private final Supplier<Terminal.Size> size;
    private final InstantSource clock;
    private final Board board = new Board();
    private final Thread painter;
    private int drawn;
    private boolean changed;
    private boolean closed;

    /// @param err the terminal
    /// @param size asked before every drawing, since people resize windows
    public TerminalProgress(PrintStream err, Supplier<Terminal.Size> size, InstantSource clock) {
        this.err = err;
        this.size = size;
        this.clock = clock;
        painter = Thread.ofVirtual().name("progress").start(this::paintUntilClosed);
    }

    @Override
    public synchronized void on(ProgressEvent event) {
        board.apply(event);
        changed = true;
    }

    private void paintUntilClosed() {
        try {
            while (true) {
                synchronized (this) {
                    if (closed) {
                        return;
                    }
                    draw();
                    wait(BETWEEN.toMillis());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // somebody ends this thread: the board stays as it is
        }
    }

    private void draw() {
        if (!changed && drawn == 0) {
            return;
        }
        changed = false;
        Terminal.Size now = size.get();
        Instant at = clock.instant();
        // One column and one line stay free: a cursor in the last column, or a last line, makes terminals scroll.
        List<String> lines = BoardPainter.paint(board, now.columns() - 1, now.rows() - 1, at);
        err.print(frame(lines, drawn));
        err.flush();
        drawn = lines.size();
    }

    /// What puts `lines` where the `before` lines of the last drawing stand.
    static String frame(List<String> lines, int before) {
        StringBuilder frame = new StringBuilder();
        if (before > 0) {
            frame.append("\u001b[").append(before).append('A');
        }
        frame.append('\r').append(ERASE_BELOW);
        for (String line : lines) {
            frame.append(line).append('\n');
        }
        return frame.toString();
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            changed = true;
            draw();
            closed = true;
            notifyAll();
        }
        try {
            painter.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
