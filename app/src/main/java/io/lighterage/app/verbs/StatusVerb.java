package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.TextTable;
import io.lighterage.app.control.ControlClient;
import io.lighterage.runtime.MountReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `lighter status`.
@Command(
        name = "status",
        description = "Show each mounted layer: how much is here, how many reads had to wait, which wait now, and what"
                + " failed last.")
final class StatusVerb implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Invocation invocation;

    @Option(names = "--json", description = "The same as --format json.")
    private boolean json;

    StatusVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        ControlClient.Answers answers =
                new ControlClient(invocation.root(), PATIENCE).ask(MountControl.STATUS, MountControl.arguments());
        List<MountReport> reports = new ArrayList<>();
        answers.answers().forEach(answer -> answer.result().forEach(node -> reports.add(MountControl.report(node))));
        answers.failures()
                .forEach(failure -> invocation
                        .err()
                        .println("lighter: warning: " + failure.cause().getMessage()));
        if (json || invocation.json()) {
            invocation
                    .out()
                    .println(reports.stream().map(MountReport::json).collect(Collectors.joining(",\n", "[", "]")));
        } else if (reports.isEmpty()) {
            invocation.err().println("nothing is mounted from " + invocation.root());
        } else {
            reports.forEach(this::print);
        }
        return answers.failures().isEmpty() ? ExitCode.OK : ExitCode.OTHER;
    }

    private void print(MountReport report) {
        invocation
                .out()
                .println(report.image() + " on " + report.directory() + ", served by process " + report.pid() + ": "
                        + ByteCount.text(report.bytesHere()) + " of " + ByteCount.text(report.bytesTotal())
                        + " here; " + report.way());
        TextTable table = new TextTable("LAYER", "HERE", "TOTAL", "FETCHED", "REQUESTS", "DEMAND", "WAITING");
        for (MountReport.Layer layer : report.layers()) {
            table.add(
                    layer.digest().shortHex() + (layer.lazy() ? "" : " (pulled)"),
                    ByteCount.text(layer.bytesHere()),
                    ByteCount.text(layer.bytesTotal()),
                    ByteCount.text(layer.bytesFetched()),
                    Long.toString(layer.requests()),
                    Long.toString(layer.demandReads()),
                    Integer.toString(layer.waitingReads()));
        }
        table.lines().forEach(line -> invocation.out().println("  " + line));
        // what was tried and what came of it take more than a column
        report.layers()
                .forEach(layer -> layer.lastError()
                        .ifPresent(message -> invocation
                                .out()
                                .println("  last error of " + layer.digest().shortHex() + ": " + message)));
    }
}
