package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.control.ControlClient;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.mount.AbandonedMount;
import io.lighterage.runtime.MountReport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `lighter umount`.
@Command(
        name = "umount",
        description = "Unmount what 'mount' has mounted, also when the process that served it is gone. What has been"
                + " fetched stays for the next time.")
final class UnmountVerb implements Callable<Integer> {
    /// Unmounting waits for nobody; writing the record may wait for a collection.
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    private final Invocation invocation;

    @Parameters(paramLabel = "DIR", description = "Where it is mounted.")
    private Path directory = Path.of("");

    UnmountVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        Path at = MountPoint.of(directory);
        Optional<MountReport> last = askServers(at);
        if (last.isEmpty()) {
            AbandonedMount.unmount(at);
        }
        report(at, last);
        return ExitCode.OK;
    }

    private Optional<MountReport> askServers(Path at) {
        ControlClient.Answers answers = new ControlClient(invocation.root(), PATIENCE)
                .ask(MountControl.UNMOUNT, MountControl.arguments().put("directory", at.toString()));
        for (ControlClient.Failure failure : answers.failures()) {
            if (failure.cause().kind() != ErrorKind.NOT_FOUND) {
                throw new ImageException(
                        failure.cause().kind(),
                        "cannot unmount " + at + ": " + failure.cause().getMessage(),
                        failure.cause());
            }
        }
        return answers.answers().stream()
                .map(answer -> MountControl.report(answer.result()))
                .findFirst();
    }

    private void report(Path at, Optional<MountReport> last) {
        if (invocation.json()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("directory", at);
            last.ifPresent(report -> {
                fields.put("image", report.image());
                fields.put("bytesFetched", report.bytesFetched());
            });
            invocation.out().print(JsonText.document(fields));
        } else if (!invocation.options().quiet) {
            invocation
                    .err()
                    .println("unmounted " + at
                            + last.map(report -> ": " + report.image() + ", " + ByteCount.text(report.bytesFetched())
                                            + " fetched")
                                    .orElse(", which no process of " + invocation.root() + " serves"));
        }
    }
}
