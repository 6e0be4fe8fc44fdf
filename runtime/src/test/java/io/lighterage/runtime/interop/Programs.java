package io.lighterage.runtime.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Runs the real programs the tests compare with.
final class Programs {
    private Programs() {}

    /// Skips the test, saying why, unless we are root and every program is installed.
    static void require(String... programs) {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: device nodes and owners are compared");
        for (String program : programs) {
            boolean there = Arrays.stream(System.getenv("PATH").split(":"))
                    .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve(program)));
            assumeTrue(there, "needs the program '" + program + "'; ./verify installs it");
        }
    }

    /// Runs a command to its end and returns what it printed; a failure shows it.
    static String run(String... command) throws IOException, InterruptedException {
        Result result = attempt(List.of(command));
        assertThat(result.code())
                .as("%s printed: %s", String.join(" ", command), result.output())
                .isZero();
        return result.output();
    }

    static Result attempt(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("%s ended", command).isTrue();
        return new Result(process.exitValue(), output);
    }

    /// What a command left behind.
    record Result(int code, String output) {}
}
