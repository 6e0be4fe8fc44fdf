package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.progress.ProgressDisplay;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.MountReport;
import io.lighterage.runtime.MountRequest;
import io.lighterage.runtime.RecordRequest;
import io.lighterage.runtime.Recorded;
import io.lighterage.runtime.bundle.BundleSpec;
import io.lighterage.runtime.bundle.Ending;
import io.lighterage.runtime.bundle.ReadyLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `lighter record`.
@Command(
        name = "record",
        description = "Start an image once on a lazy mount, with runc, and note which files are read until it is ready;"
                + " 'convert --prioritize' takes the list.")
final class RecordVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(index = "0", paramLabel = "REF", description = "The image.")
    private String reference = "";

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "CMD",
            description = "Behind --: what to run instead of the image's own command.")
    private List<String> command = new ArrayList<>();

    @Option(
            names = "--until",
            paramLabel = "TEXT",
            description = "It is ready when it prints a line that begins so (default: when it ends or time is up).")
    private @Nullable String until;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "30",
            description = "The longest it may take (default: ${DEFAULT-VALUE}).")
    private int seconds = 30;

    @Option(names = "--out", paramLabel = "FILE", description = "Where the list goes (default: stdout).")
    private @Nullable Path file;

    @Option(names = "--host-network", description = "Give it this machine's network, not one of its own.")
    private boolean hostNetwork;

    @Option(
            names = "--eager",
            description = "Pull and unpack the image first instead, and only measure; for comparison.")
    private boolean eager;

    @Mixin
    private LazyFlags lazy = new LazyFlags();

    @Mixin
    private RefreshFlag refresh = new RefreshFlag();

    RecordVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        Recorded recorded;
        try (ImageRuntime runtime = invocation.openRuntime();
                ProgressDisplay progress = invocation.progress(reference, "record")) {
            recorded = runtime.record(request(), progress);
        }
        write(recorded);
        if (invocation.json()) {
            invocation.out().print(JsonText.document(fields(recorded)));
        }
        invocation.err().println(summary(recorded));
        return code(recorded);
    }

    private RecordRequest request() {
        MountRequest mount = MountRequest.of(reference, Path.of("/")) // the recording chooses its own
                .withPlatform(invocation.platform())
                .withRefresh(refresh.wanted())
                .withOptions(lazy.options());
        return new RecordRequest(
                mount,
                eager,
                command,
                Optional.ofNullable(until).map(ReadyLine::startingWith),
                Duration.ofSeconds(seconds),
                hostNetwork ? BundleSpec.Network.HOST : BundleSpec.Network.LOOPBACK,
                invocation.err(),
                invocation.err());
    }

    private void write(Recorded recorded) {
        if (eager) {
            return;
        }
        byte[] list = recorded.priorityList();
        Path to = file;
        if (to == null) {
            if (!invocation.json()) {
                invocation.out().write(list, 0, list.length);
                invocation.out().flush();
            }
            return;
        }
        try {
            Files.write(to, list);
        } catch (IOException e) {
            throw new ImageException(ErrorKind.DENIED, "cannot write the list to " + to + ": " + e, e);
        }
    }

    private int code(Recorded recorded) {
        boolean ready = until == null || recorded.run().ending() == Ending.LINE;
        return ready ? ExitCode.OK : ExitCode.OTHER;
    }

    private String summary(Recorded recorded) {
        String how = switch (recorded.run().ending()) {
            case LINE -> "ready";
            case TIME -> "stopped";
            case EXIT -> "ended";
        };
        String start =
                recorded.image() + " " + how + " after " + recorded.ready().toMillis() + " ms ("
                        + recorded.run().elapsed().toMillis() + " ms of them in the container)";
        return recorded.report()
                .map(report -> start + "; it read " + recorded.files().size() + " files, "
                        + ByteCount.text(recorded.bytesTouched()) + " ("
                        + ByteCount.text(recorded.bytesNeeded()) + " compressed in whole chunks), and "
                        + ByteCount.text(report.bytesFetched()) + " were fetched in " + report.requests()
                        + " requests")
                .orElse(start);
    }

    private static Map<String, Object> fields(Recorded recorded) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("image", recorded.image());
        fields.put("ending", recorded.run().ending());
        fields.put("readyMillis", recorded.ready().toMillis());
        fields.put("containerMillis", recorded.run().elapsed().toMillis());
        recorded.run().exitCode().ifPresent(code -> fields.put("exitCode", code));
        if (recorded.report().isPresent()) {
            MountReport report = recorded.report().get();
            fields.put("openedMillis", report.opening().total().toMillis());
            fields.put("bytesFetched", report.bytesFetched());
            fields.put("bytesTouched", recorded.bytesTouched());
            fields.put("bytesNeeded", recorded.bytesNeeded());
            fields.put("requests", report.requests());
            fields.put("demandReads", report.demandReads());
            fields.put("demandMillis", report.demandTime().toMillis());
            fields.put(
                    "files", recorded.files().stream().map(path -> "/" + path).toList());
        }
        return fields;
    }
}
