package io.lighterage.app.verbs;

import io.lighterage.app.CommandModel;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/// `lighter help`.
@Command(name = "help", description = "Show what there is, or how to use one verb.")
final class HelpVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(arity = "0..1", paramLabel = "VERB", description = "The verb.")
    private @Nullable String verb;

    HelpVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        CommandLine all = CommandModel.whole(invocation);
        String name = verb;
        CommandLine chosen = name == null ? all : all.getSubcommands().get(name);
        if (chosen == null) {
            throw new ParameterException(all, "unknown verb '" + name + "'");
        }
        invocation.out().print(chosen.getUsageMessage());
        return ExitCode.OK;
    }
}
