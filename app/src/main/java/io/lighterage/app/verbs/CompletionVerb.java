package io.lighterage.app.verbs;

import io.lighterage.app.CommandModel;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `lighter completion`.
@Command(
        name = "completion",
        description = "Print a completion script; load it with: source <(lighter completion bash)")
final class CompletionVerb implements Callable<Integer> {
    /// The shells there are scripts for.
    enum Shell {
        BASH,
        ZSH;

        @Override
        public String toString() {
            return this == BASH ? "bash" : "zsh";
        }
    }

    private final Invocation invocation;

    @Parameters(paramLabel = "bash|zsh", description = "The shell.")
    private Shell shell = Shell.BASH;

    CompletionVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        String script = AutoComplete.bash("lighter", CommandModel.whole(invocation));
        invocation.out().print(shell == Shell.ZSH ? "autoload -U +X bashcompinit && bashcompinit\n" + script : script);
        return ExitCode.OK;
    }
}
