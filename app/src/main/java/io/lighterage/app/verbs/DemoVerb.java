package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.demo.Demonstration;
import io.lighterage.app.demo.LinkSpeed;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `lighter demo`.
@Command(
        name = "demo",
        description = "Show the main thing on a sample image: made from files of this machine, served by a registry"
                + " inside this process, pulled and unpacked into a temporary folder; then started over a slow line,"
                + " pulled first and mounted lazily.")
final class DemoVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Option(names = "--keep", description = "Leave the folder with the unpacked tree and the store.")
    private boolean keep;

    @Option(
            names = "--mbit",
            paramLabel = "N",
            defaultValue = "50",
            description = "Mbit/s of the slow line; 0 for no limit (default: ${DEFAULT-VALUE}).")
    private int megabits = 50;

    DemoVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        Demonstration demonstration = Demonstration.run(invocation, this::say, LinkSpeed.of(megabits));
        if (!keep) {
            demonstration.remove();
        }
        DemoSummary summary = new DemoSummary(demonstration, keep);
        if (invocation.json()) {
            invocation.out().print(JsonText.document(summary.fields()));
        } else if (invocation.options().quiet) {
            invocation.out().println(demonstration.sample().digest());
        } else {
            summary.lines().forEach(invocation.out()::println);
        }
        return ExitCode.OK;
    }

    private void say(String sentence) {
        if (!invocation.options().quiet && !invocation.json()) {
            invocation.err().println(sentence);
            invocation.err().flush();
        }
    }
}
