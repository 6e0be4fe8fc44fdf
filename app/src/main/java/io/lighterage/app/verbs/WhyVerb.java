package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.TextTable;
import io.lighterage.app.control.ControlClient;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MountRecord;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.MountReport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `lighter why`.
@Command(
        name = "why",
        description = "Show where the time of a lazy start went: what opening took, and the reads that waited longest,"
                + " with what they cost. Also after the unmount.")
final class WhyVerb implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Invocation invocation;

    @Parameters(paramLabel = "DIR", description = "Where the image is, or was last, mounted.")
    private Path directory = Path.of("");

    @Option(
            names = "--top",
            paramLabel = "N",
            defaultValue = "10",
            description = "How many reads to list (default: ${DEFAULT-VALUE}).")
    private int top = 10;

    WhyVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        String at = MountPoint.of(directory).toString();
        Optional<MountReport> running = running(at);
        MountReport report = running.orElseGet(() -> recorded(at));
        if (invocation.json()) {
            invocation.out().println(report.json());
            return ExitCode.OK;
        }
        invocation.out().println(report.image() + " on " + at + (running.isPresent() ? "" : ", not mounted any more"));
        phases(report);
        reads(report);
        return ExitCode.OK;
    }

    private Optional<MountReport> running(String at) {
        ControlClient.Answers answers =
                new ControlClient(invocation.root(), PATIENCE).ask(MountControl.STATUS, MountControl.arguments());
        return answers.answers().stream()
                .flatMap(answer -> answer.result().valueStream())
                .map(MountControl::report)
                .filter(report -> report.directory().equals(at))
                .findFirst();
    }

    private MountReport recorded(String at) {
        try (ImageRuntime runtime = invocation.openRuntime()) {
            return runtime.mounts().stream()
                    .filter(record -> record.directory().equals(at))
                    .map(MountRecord::report)
                    .filter(report -> !report.isEmpty())
                    .map(MountReport::parse)
                    .findFirst()
                    .orElseThrow(() -> new ImageException(
                            ErrorKind.NOT_FOUND,
                            "no mount on " + at + " is known of in " + invocation.root()
                                    + "; 'lighter status' lists those there are"));
        }
    }

    private void phases(MountReport report) {
        MountReport.Opening opening = report.opening();
        invocation
                .out()
                .println("readable after " + millis(opening.total()) + ": " + millis(opening.resolving())
                        + " for the manifest, " + millis(opening.layers()) + " for the layers' tables of contents, "
                        + millis(opening.mounting()) + " to mount");
        if (!report.plan().isEmpty()) {
            invocation.out().println("filling: " + report.plan());
        }
        invocation
                .out()
                .println(report.demandReads() + " reads waited " + millis(report.demandTime())
                        + " in all (those side by side counted each); " + report.requests() + " requests brought "
                        + ByteCount.text(report.bytesFetched()));
        report.lastError().ifPresent(message -> invocation.out().println("last error: " + message));
    }

    private void reads(MountReport report) {
        if (report.slowest().isEmpty()) {
            return;
        }
        TextTable table = new TextTable("WAITED", "FETCHED", "ROUND TRIPS", "READ", "FILE");
        report.slowest().stream()
                .limit(top)
                .forEach(read -> table.add(
                        millis(read.waited()),
                        ByteCount.text(read.bytesFetched()),
                        Integer.toString(read.roundTrips()),
                        ByteCount.text(read.length()) + " at " + read.offset(),
                        "/" + read.path()));
        table.lines().forEach(invocation.out()::println);
    }

    private static String millis(Duration time) {
        return String.format(Locale.ROOT, "%.1f ms", time.toNanos() / 1e6);
    }
}
