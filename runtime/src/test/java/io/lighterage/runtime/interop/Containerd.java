package io.lighterage.runtime.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Debian's `containerd` with everything it keeps under a folder, and `ctr` to speak to it.
final class Containerd implements AutoCloseable {
    private final Process process;
    private final Path socket;

    private Containerd(Process process, Path socket) {
        this.process = process;
        this.socket = socket;
    }

    static Containerd start(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Path socket = folder.resolve("c.sock");
        Path config = folder.resolve("config.toml");
        Files.writeString(config, """
                version = 2
                root = "%1$s/root"
                state = "%1$s/state"
                disabled_plugins = ["io.containerd.grpc.v1.cri"]
                [grpc]
                  address = "%2$s"
                """.formatted(folder, socket));
        Process process = new ProcessBuilder("containerd", "--config", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        Containerd containerd = new Containerd(process, socket);
        for (int attempt = 0; attempt < 200; attempt++) {
            if (containerd.attempt("version").code() == 0) {
                return containerd;
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        containerd.close();
        throw new IllegalStateException("containerd does not answer on " + socket);
    }

    /// Runs `ctr` with these arguments, which must succeed.
    void ctr(String... arguments) throws IOException, InterruptedException {
        Programs.run(command(arguments).toArray(String[]::new));
    }

    /// Runs `ctr-remote` of stargz-snapshotter with these arguments, which must succeed.
    void ctrRemote(String... arguments) throws IOException, InterruptedException {
        List<String> command = command(arguments);
        command.set(0, "ctr-remote");
        Programs.run(command.toArray(String[]::new));
    }

    Programs.Result attempt(String... arguments) throws IOException, InterruptedException {
        return Programs.attempt(command(arguments));
    }

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of("ctr", "--address", socket.toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
