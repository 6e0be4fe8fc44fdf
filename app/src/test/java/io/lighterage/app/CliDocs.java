package io.lighterage.app;

import io.lighterage.app.verbs.Verbs;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/// Makes `docs/cli.md` from the model that also parses the command line.
final class CliDocs {
    private CliDocs() {}

    static String page() {
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        CommandLine whole = CommandModel.whole(new Invocation(List.of(), nowhere, nowhere, Map.of()));
        whole.setUsageHelpWidth(100);
        StringBuilder page = new StringBuilder("""
                # The command line

                Made from the command's own model: `./mvnw -pl app -am test -Dtest=CliDocsTest -Dlighterage.docs.write=true
                -Dsurefire.failIfNoSpecifiedTests=false` writes it again.

                Results go to stdout, everything else to stderr. Exit codes: 0 ok, 1 other, 2 not found, 3 authentication,
                4 verification, 5 network, 6 no space, 7 unsupported kernel or media, 64 usage, 130 interrupted.

                """);
        section(page, "lighter", whole);
        for (String verb : Verbs.NAMES) {
            CommandLine command = whole.getSubcommands().get(verb);
            if (!verb.equals(Verbs.TRAIN) && command != null) {
                command.setUsageHelpWidth(100);
                section(page, "lighter " + verb, command);
            }
        }
        return page.toString();
    }

    private static void section(StringBuilder page, String title, CommandLine command) {
        String usage =
                command.getUsageMessage(CommandLine.Help.Ansi.OFF).strip().replaceAll("[ ]+\n", "\n");
        page.append("## ").append(title).append("\n\n```\n").append(usage).append("\n```\n\n");
    }
}
