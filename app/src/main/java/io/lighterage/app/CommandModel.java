package io.lighterage.app;

import io.lighterage.app.verbs.Verbs;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;

/// Builds the picocli model that parsing, help, completion and the reference page share.
public final class CommandModel {
    private CommandModel() {}

    /// The command with every verb, apart from the one that runs.
    public static CommandLine whole(Invocation invocation) {
        return of(new Invocation(List.of(), invocation.out(), invocation.err(), invocation.environment()), Verbs.NAMES);
    }

    /// The command with some verbs.
    static CommandLine of(Invocation invocation, List<String> verbs) {
        CommandLine line = new CommandLine(invocation.options());
        for (String verb : verbs) {
            CommandLine command = new CommandLine(Verbs.create(verb, invocation));
            command.getCommandSpec()
                    .usageMessage()
                    .abbreviateSynopsis(true)
                    .sortOptions(false)
                    .autoWidth(true)
                    .parameterListHeading("%n")
                    .optionListHeading("%nFlags:%n")
                    .hidden(verb.equals(Verbs.TRAIN));
            line.addSubcommand(verb, command);
        }
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setOut(new PrintWriter(invocation.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(invocation.err(), true, StandardCharsets.UTF_8));
        return line;
    }
}
