package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.dist.Distribution;
import io.lighterage.app.dist.Tarball;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `lighter dist`.
@Command(
        name = "dist",
        description =
                "Write this lighter as a tarball that runs wherever it is unpacked and a Java is: FOLDER/bin/lighter."
                        + " Prints its name. The same build gives the same bytes.")
final class DistributeVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(
            paramLabel = "FILE",
            arity = "0..1",
            description = "Where it goes: a file, or a directory (default: lighter-VERSION.tar.gz here).")
    private @Nullable Path target;

    DistributeVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        Distribution distribution = Distribution.ofRunning();
        Path file = file(distribution);
        Tarball.write(distribution, file);
        long size = new File(file.toString()).length();
        if (invocation.json()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("file", file);
            fields.put("size", size);
            fields.put("files", distribution.files().size());
            invocation.out().print(JsonText.document(fields));
            return ExitCode.OK;
        }
        if (!invocation.options().quiet) {
            invocation
                    .err()
                    .println("packed " + distribution.files().size() + " files, " + ByteCount.text(size)
                            + "; unpack it anywhere and run " + distribution.name() + "/bin/lighter");
            invocation.err().flush();
        }
        invocation.out().println(file);
        return ExitCode.OK;
    }

    private Path file(Distribution distribution) {
        String name = distribution.name() + ".tar.gz";
        Path chosen = target;
        if (chosen == null) {
            return Path.of(name);
        }
        return Files.isDirectory(chosen) ? chosen.resolve(name) : chosen;
    }
}
