package io.lighterage.app;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.runtime.bundle.RunFailure;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// Says what went wrong, once, in the words of the failure itself, and picks the exit code.
final class Failures {
    private static final String REPORT =
            "This is a defect of lighter. Please report it with the command you ran and, if you can, the output of the"
                    + " same command with LIGHTER_DEBUG=1 set";

    private final Invocation invocation;

    Failures(Invocation invocation) {
        this.invocation = invocation;
    }

    int of(Throwable failure) {
        if (failure instanceof ImageException known && known.kind() != ErrorKind.INTERNAL) {
            say(known.kind().name(), String.valueOf(known.getMessage()), failure);
            return known instanceof RunFailure start ? start.exitCode() : ExitCode.of(known.kind());
        }
        if (failure instanceof OutOfMemoryError) {
            say(
                    ErrorKind.EXHAUSTED.name(),
                    "out of memory; give the JVM more with LIGHTER_JAVA_OPTIONS=-Xmx256m",
                    failure);
            return ExitCode.of(ErrorKind.EXHAUSTED);
        }
        String what = failure instanceof ImageException ? String.valueOf(failure.getMessage()) : failure.toString();
        say(ErrorKind.INTERNAL.name(), what + ". " + REPORT, failure);
        return ExitCode.of(ErrorKind.INTERNAL);
    }

    int usage(ParameterException failure, List<String> args) {
        CommandLine command = failure.getCommandLine();
        String message = String.valueOf(failure.getMessage());
        if (failure instanceof UnmatchedArgumentException unmatched) {
            message = unmatched(unmatched);
        }
        String help = "'" + command.getCommandSpec().qualifiedName() + " --help' shows what there is";
        if (wantsJson(args)) {
            invocation.options().format = OutputFormat.JSON;
        }
        say("USAGE", message + ". " + help, failure);
        return ExitCode.USAGE;
    }

    private static String unmatched(UnmatchedArgumentException failure) {
        String word = failure.getUnmatched().getFirst();
        boolean option = failure.isUnknownOption();
        boolean verb = !option && failure.getCommandLine().getParent() == null;
        String what = (option ? "unknown flag '" : verb ? "unknown verb '" : "one word too many: '") + word + "'";
        List<String> suggestions = failure.getSuggestions();
        return suggestions.isEmpty() || !(option || verb)
                ? what
                : what + "; did you mean '"
                        + String.join("' or '", suggestions.subList(0, Math.min(2, suggestions.size()))) + "'?";
    }

    /// The flags of a line that could not be parsed may not have been read.
    private static boolean wantsJson(List<String> args) {
        int at = args.indexOf("--format");
        return args.contains("--format=json")
                || (at >= 0 && at + 1 < args.size() && args.get(at + 1).equalsIgnoreCase("json"));
    }

    private void say(String code, String message, Throwable failure) {
        if (invocation.json()) {
            Map<String, Object> error = new LinkedHashMap<>();
            error.put("code", code);
            error.put("message", message);
            invocation.out().print(JsonText.document(Map.of("error", error)));
        } else {
            invocation.err().println("lighter: " + message);
        }
        if (invocation.environment().getOrDefault("LIGHTER_DEBUG", "").equals("1")) {
            failure.printStackTrace(invocation.err());
        }
        invocation.err().flush();
    }
}
