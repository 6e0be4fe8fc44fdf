package io.lighterage.resolver.registry;

import io.lighterage.resolver.TinyLayout;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/// Debian's docker-registry on a free loopback port, and skopeo to push into it.
final class RealRegistry implements AutoCloseable {
    private final Process process;
    private final int port;
    private final Path folder;

    private RealRegistry(Process process, int port, Path folder) {
        this.process = process;
        this.port = port;
        this.folder = folder;
    }

    /// @param httpLines YAML for the `http` section, indented by two
    /// @param topLines YAML for the top level
    static RealRegistry start(Path folder, String httpLines, String topLines) throws Exception {
        need("docker-registry");
        need("skopeo");
        int port = freePort();
        Files.createDirectories(folder);
        Path config = folder.resolve("config.yml");
        Files.writeString(config, """
                version: 0.1
                log: {level: info}
                storage: {filesystem: {rootdirectory: %s}}
                http:
                  addr: 127.0.0.1:%d
                %s
                %s
                """.formatted(folder.resolve("data"), port, httpLines, topLines));
        Process process = new ProcessBuilder("docker-registry", "serve", config.toString())
                .redirectErrorStream(true)
                .start();
        List<String> log = new ArrayList<>();
        BufferedReader reader = process.inputReader(StandardCharsets.UTF_8);
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            log.add(line);
            if (line.contains("listening on")) {
                Path all = folder.resolve("registry.log");
                Thread.ofVirtual().start(() -> drain(reader, all));
                return new RealRegistry(process, port, folder);
            }
        }
        throw new IllegalStateException("docker-registry did not start: " + log);
    }

    private static void drain(BufferedReader reader, Path into) {
        try (var writer = Files.newBufferedWriter(into)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                writer.write(line);
                writer.newLine();
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    String host() {
        return "127.0.0.1:" + port;
    }

    Path folder() {
        return folder;
    }

    void push(TinyLayout layout, String tag, String name, String... flags) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("skopeo", "--insecure-policy", "copy", "--quiet", "--preserve-digests"));
        command.addAll(List.of(flags));
        command.add("oci:" + layout.directory() + ":" + tag);
        command.add("docker://" + host() + "/" + name);
        run(command);
    }

    static void run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IllegalStateException(command + " failed: " + output);
        }
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    static void need(String tool) {
        boolean found = false;
        for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
            found |= Files.isExecutable(Path.of(folder, tool));
        }
        Assumptions.assumeTrue(found, tool + " is not installed; this test needs it");
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
