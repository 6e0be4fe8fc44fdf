package io.lighterage.proxyplugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.linux.Credentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Runs the real programs the tests speak with.
public final class Programs {
    private Programs() {}

    /// Skips the test, saying why, unless we are root and every program is installed.
    public static void require(String... programs) {
        assumeTrue(Credentials.effectiveUid() == 0, "needs root: snapshots are mounted");
        for (String program : programs) {
            assumeTrue(find(program) != null, "needs the program '" + program + "'; ./verify installs it");
        }
    }

    public static @org.jspecify.annotations.Nullable Path find(String program) {
        List<String> folders =
                new ArrayList<>(Arrays.asList(System.getenv("PATH").split(":")));
        folders.addAll(List.of("/usr/sbin", "/sbin"));
        return folders.stream()
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    /// What a command left behind.
    public record Result(int code, String output) {}

    /// Runs a command to its end and returns what it printed; a failure shows it.
    public static String run(Path folder, Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        Result result = attempt(folder, environment, List.of(command));
        assertThat(result.code())
                .as("%s printed: %s", String.join(" ", command), result.output())
                .isZero();
        return result.output();
    }

    public static Result attempt(Path folder, Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("%s ended", command).isTrue();
        return new Result(process.exitValue(), output);
    }
}
