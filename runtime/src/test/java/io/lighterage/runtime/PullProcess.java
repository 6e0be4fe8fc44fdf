package io.lighterage.runtime;

import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Pulls, and unpacks when a target is given, in a process of its own that can be killed.
final class PullProcess {
    private PullProcess() {}

    public static void main(String[] args) {
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(Path.of(args[0])))) {
            if (args.length > 2) {
                runtime.unpack(args[1], Optional.empty(), Path.of(args[2]), UnpackForm.MERGED, ProgressListener.NONE);
            } else {
                runtime.pull(args[1], Optional.empty(), ProgressListener.NONE);
            }
        } catch (ImageException e) {
            System.out.println(e.kind() + ": " + e.getMessage());
            System.exit(1);
        }
    }

    static Process start(Path log, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                PullProcess.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }
}
