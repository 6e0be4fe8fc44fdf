package io.lighterage.app;

import io.lighterage.app.verbs.Verbs;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// Parses one command line, runs its verb, and turns whatever happens into an exit code.
final class CommandRunner {
    private final Invocation invocation;
    private final Failures failures;

    CommandRunner(Invocation invocation) {
        this.invocation = invocation;
        this.failures = new Failures(invocation);
    }

    int run(List<String> args) {
        try {
            return parseAndRun(args);
        } catch (Exception | LinkageError | AssertionError | OutOfMemoryError | StackOverflowError e) {
            return failures.of(e);
        }
    }

    private int parseAndRun(List<String> args) throws Exception {
        // Only verbs that occur among the words: reading the annotations of all would double the time a start takes.
        List<String> named = Verbs.NAMES.stream().filter(args::contains).toList();
        WarmUp.startFor(named);
        if (args.equals(List.of(Verbs.TRAIN))) {
            return run(args, args);
        }
        if (named.isEmpty() || args.contains("help")) {
            return run(args, Verbs.NAMES);
        }
        return run(args, named);
    }

    private int run(List<String> args, List<String> verbs) throws Exception {
        CommandLine line = CommandModel.of(invocation, verbs);
        try {
            ParseResult parsed = line.parseArgs(args.toArray(String[]::new));
            Integer help = CommandLine.executeHelpRequest(parsed);
            return help != null ? help : call(parsed);
        } catch (ParameterException e) {
            if (verbs.size() < Verbs.NAMES.size()) {
                return run(args, Verbs.NAMES); // with all of them, so that suggestions and usage are whole
            }
            return failures.usage(e, args);
        }
    }

    private int call(ParseResult parsed) throws Exception {
        ParseResult chosen = parsed;
        while (chosen.hasSubcommand()) {
            chosen = chosen.subcommand();
        }
        Object verb = chosen.commandSpec().userObject();
        if (!(verb instanceof java.util.concurrent.Callable<?> callable)) {
            throw new ParameterException(
                    chosen.commandSpec().commandLine(),
                    "no verb given; expected one of " + String.join(", ", Verbs.NAMES));
        }
        return (Integer) callable.call();
    }
}
