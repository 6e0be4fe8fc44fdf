package io.lighterage.app;

import io.lighterage.linux.ProcessEnd;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/// Where `lighter` begins.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        PrintStream out = stream(FileDescriptor.out, 1 << 13);
        PrintStream err = stream(FileDescriptor.err, 1 << 10);
        if (asksForVersion(List.of(args))) {
            int ignored = run(List.of(args), out, err, Map.of());
            out.flush();
            return; // nothing is to be ended early, and getting ready for that takes a fifth of the time
        }
        Interruption interruption = Interruption.ofCurrentThread();
        int code = ExitCode.OTHER;
        try {
            code = run(List.of(args), out, err, System.getenv());
        } finally {
            out.flush();
            err.flush();
            if (interruption.signalled() && code == ExitCode.OK) {
                ProcessEnd.halt(code); // a server that was asked to stop has done so
            }
            if (interruption.verbEnded()) {
                ProcessEnd.exit(code);
            }
            System.exit(code); // waits for the process to end
        }
    }

    /// Runs one command line.
    ///
    /// @param out gets results
    /// @param err gets everything else
    /// @param environment environment variables
    /// @return the exit code, see [ExitCode]
    public static int run(List<String> args, PrintStream out, PrintStream err, Map<String, String> environment) {
        if (asksForVersion(args)) {
            out.println(VersionText.line());
            return ExitCode.OK;
        }
        return new CommandRunner(new Invocation(args, out, err, environment)).run(args);
    }

    /// The one command line that starts without its parser.
    private static boolean asksForVersion(List<String> args) {
        return args.equals(List.of("version"));
    }

    /// A reader that goes away (`lighter manifest x | head -1`) is no error: a PrintStream swallows the broken pipe.
    private static PrintStream stream(FileDescriptor descriptor, int buffer) {
        FileOutputStream file = new FileOutputStream(descriptor);
        return new PrintStream(new BufferedOutputStream(file, buffer), false, StandardCharsets.UTF_8);
    }
}
