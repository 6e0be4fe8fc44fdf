package io.lighterage.runtime.bundle;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// Runs a container in a process of its own, so that tests can end it.
final class RunProcess {
    private RunProcess() {}

    static Process start(Path bundle, String id) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "--enable-native-access=ALL-UNNAMED",
                RunProcess.class.getName(),
                bundle.toString(),
                id);
        return builder.redirectError(ProcessBuilder.Redirect.to(new File("/dev/null")))
                .start();
    }

    public static void main(String[] args) {
        RunRequest request = new RunRequest(
                Path.of(args[0]), args[1], Optional.empty(), Duration.ofMinutes(5), System.out, System.err);
        ContainerRun.run(request);
    }
}
