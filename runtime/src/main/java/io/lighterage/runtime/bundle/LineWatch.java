package io.lighterage.runtime.bundle;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/// Passes on what a program prints and looks at each line of it. A reader that goes away does not stop the program:
/// the rest is read all the same.
final class LineWatch implements Runnable {
    /// Longer lines are looked at up to here.
    static final int MAX_LINE = 8 << 10;

    private static final int BUFFER = 64 << 10;

    private final InputStream in;
    private final OutputStream out;
    private final Consumer<String> lines;
    private final byte[] line = new byte[MAX_LINE];
    private int length;
    private boolean readerGone;

    LineWatch(InputStream in, OutputStream out, Consumer<String> lines) {
        this.in = in;
        this.out = out;
        this.lines = lines;
    }

    @Override
    public void run() {
        byte[] buffer = new byte[BUFFER];
        try (in) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                look(buffer, count); // before the output can block: the time of a line is when it was printed
                pass(buffer, count);
            }
        } catch (IOException e) {
            // The stream is closed under us when the container is given up: what came until then has been passed on.
            length = 0;
        }
        if (length > 0) {
            end();
        }
    }

    private void look(byte[] buffer, int count) {
        int from = 0;
        for (int i = 0; i < count; i++) {
            if (buffer[i] == '\n') {
                append(buffer, from, i);
                end();
                from = i + 1;
            }
        }
        append(buffer, from, count);
    }

    private void append(byte[] buffer, int from, int to) {
        int fitting = Math.min(to - from, MAX_LINE - length);
        System.arraycopy(buffer, from, line, length, fitting);
        length += fitting;
    }

    private void end() {
        int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        length = 0;
        lines.accept(new String(Arrays.copyOf(line, end), StandardCharsets.UTF_8));
    }

    private void pass(byte[] buffer, int count) {
        if (readerGone) {
            return;
        }
        try {
            out.write(buffer, 0, count);
            out.flush();
        } catch (IOException e) {
            readerGone = true;
        }
    }
}
