package io.lighterage.proxyplugin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Debian's `containerd` with everything it keeps under a folder, which knows a snapshotter "lighter". It collects when
/// something is removed, and not a moment after its start, which would take snapshots that no image has.
public final class Containerd implements AutoCloseable {
    public static final String SNAPSHOTTER = "lighter";

    private final Path folder;
    private final Process process;
    private final ProcessHandle server;
    private final List<String> beside;

    /// @param process ends with `server`, which it may be itself
    /// @param beside what a command has to begin with to see what the server sees
    private Containerd(Path folder, Process process, ProcessHandle server, List<String> beside) {
        this.folder = folder;
        this.process = process;
        this.server = server;
        this.beside = beside;
    }

    private static final String WITHOUT_CRI = "disabled_plugins = [\"io.containerd.grpc.v1.cri\"]";

    private static final String CRI = """
                [plugins."io.containerd.grpc.v1.cri".containerd]
                  snapshotter = "lighter"
                  disable_snapshot_annotations = false
                """;

    public static Containerd start(Path folder, Path snapshotter) throws IOException, InterruptedException {
        return start(folder, snapshotter, WITHOUT_CRI, "");
    }

    /// One that the kubelet could speak with.
    public static Containerd startWithCri(Path folder, Path snapshotter) throws IOException, InterruptedException {
        return start(folder, snapshotter, "", CRI);
    }

    private static Containerd start(Path folder, Path snapshotter, String first, String last)
            throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Path config = folder.resolve("config.toml");
        Files.writeString(config, """
                version = 2
                root = "%1$s/root"
                state = "%1$s/state"
                %4$s
                [grpc]
                  address = "%1$s/c.sock"
                [plugins."io.containerd.gc.v1.scheduler"]
                  startup_delay = "1h"
                [proxy_plugins.%3$s]
                  type = "snapshot"
                  address = "%2$s"
                %5$s
                """.formatted(folder, snapshotter, SNAPSHOTTER, first, last));
        Process process = new ProcessBuilder("containerd", "--config", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        return new Containerd(folder, process, process.toHandle(), List.of()).answering();
    }

    /// That of a newer suite.
    ///
    /// @param folder where its socket is, `c.sock`
    /// @param config a file that says so
    public static Containerd startNewer(NewerSuite suite, Path folder, Path config)
            throws IOException, InterruptedException {
        Files.createDirectories(folder);
        NewerSuite.Running running = suite.start(folder.resolve("log"), "containerd", "--config", config.toString());
        return new Containerd(folder, running.outer(), running.inner(), running.beside()).answering();
    }

    private Containerd answering() throws IOException, InterruptedException {
        for (int attempt = 0; attempt < 400; attempt++) {
            if (attempt("version").code() == 0) {
                return this;
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        close();
        throw new IllegalStateException("containerd does not answer: " + log());
    }

    public String log() throws IOException {
        return Files.readString(folder.resolve("log"));
    }

    /// A file as containerd sees it.
    public Path seen(Path path) {
        return Path.of("/proc/" + server.pid() + "/root" + path);
    }

    public Path socket() {
        return folder.resolve("c.sock");
    }

    /// Runs `ctr` with these arguments, which must succeed.
    public String ctr(String... arguments) throws IOException, InterruptedException {
        return Programs.run(folder, Map.of(), command(arguments).toArray(String[]::new));
    }

    public Programs.Result attempt(String... arguments) throws IOException, InterruptedException {
        return Programs.attempt(folder, Map.of(), command(arguments));
    }

    /// Has `ctr-remote` pull an image as nerdctl and stargz-snapshotter's users do: with labels that name its layers.
    ///
    /// @param flags of `image rpull`
    public void rpull(String image, String... flags) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of("ctr-remote", "-a", socket().toString(), "image", "rpull", "--plain-http"));
        command.addAll(List.of(flags));
        command.addAll(List.of("--snapshotter", SNAPSHOTTER, image));
        String ignored = Programs.run(folder, Map.of(), command.toArray(String[]::new));
    }

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(beside);
        command.addAll(List.of("ctr", "--address", socket().toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    @Override
    public void close() {
        boolean ignored = server.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
