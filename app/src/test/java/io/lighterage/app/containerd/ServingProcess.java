package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// `lighter snapshotter` in a process of its own, which can be stopped and killed, on sources that were not packaged.
final class ServingProcess implements AutoCloseable {
    private final Path root;
    private final Path socket;
    private final Path log;
    private final Map<String, String> environment;
    private final List<String> flags;
    private Process process;

    private ServingProcess(Path root, Path socket, Path log, Map<String, String> environment, List<String> flags)
            throws IOException {
        this.root = root;
        this.socket = socket;
        this.log = log;
        this.environment = Map.copyOf(environment);
        this.flags = List.copyOf(flags);
        this.process = begin();
    }

    /// Returns when it serves.
    static ServingProcess start(Path folder, String... flags) throws Exception {
        List<String> all =
                new ArrayList<>(List.of("--address", folder.resolve("s.sock").toString()));
        all.addAll(List.of("--root", folder.resolve("root").toString()));
        all.addAll(List.of(flags));
        return startConfigured(folder, all.toArray(String[]::new));
    }

    /// One whose flags, or the file they name, say everything. The root and the socket are those of [#start].
    static ServingProcess startConfigured(Path folder, String... flags) throws Exception {
        return startConfigured(folder, Map.of(), flags);
    }

    /// @param environment beside this process's own
    static ServingProcess startConfigured(Path folder, Map<String, String> environment, String... flags)
            throws Exception {
        ServingProcess serving = new ServingProcess(
                folder.resolve("root"),
                folder.resolve("s.sock"),
                folder.resolve("snapshotter.log"),
                environment,
                List.of(flags));
        serving.awaitServing();
        return serving;
    }

    private Process begin() throws IOException {
        Files.writeString(log, "");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                "io.lighterage.app.Main",
                "snapshotter"));
        command.addAll(flags);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        return builder.start();
    }

    private void awaitServing() throws Exception {
        while (process.isAlive() && !log().contains("serving")) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        assertThat(log()).contains("serving");
    }

    Path root() {
        return root;
    }

    Path socket() {
        return socket;
    }

    long pid() {
        return process.pid();
    }

    /// What it has said since its last start.
    String log() throws IOException {
        return Files.readString(log);
    }

    /// Ends it as an operator does, and waits for that.
    void stop() throws Exception {
        process.destroy();
        assertThat(process.waitFor()).as(log()).isZero();
    }

    /// Ends it as a lack of memory does.
    void kill() throws InterruptedException {
        process.destroyForcibly();
        int ignored = process.waitFor();
    }

    /// Starts it again after [#stop] or [#kill].
    void startAgain() throws Exception {
        process = begin();
        awaitServing();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
