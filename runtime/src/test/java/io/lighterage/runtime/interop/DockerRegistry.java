package io.lighterage.runtime.interop;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// Debian's `docker-registry` on a free port of the loopback interface, with its data under a folder.
final class DockerRegistry implements AutoCloseable {
    private final Process process;
    private final int port;

    private DockerRegistry(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /// @param folder where its data and configuration go
    /// @param http what to add under `http:`, indented by two, or empty
    /// @param extra more top-level configuration, or empty
    static DockerRegistry start(Path folder, String http, String extra) throws IOException, InterruptedException {
        int port = freePort();
        Files.createDirectories(folder);
        Path config = folder.resolve("config.yml");
        Files.writeString(config, """
                version: 0.1
                log:
                  level: error
                  accesslog:
                    disabled: true
                storage:
                  filesystem:
                    rootdirectory: %s/data
                http:
                  addr: 127.0.0.1:%d
                """.formatted(folder, port) + http + extra);
        Process process = new ProcessBuilder("docker-registry", "serve", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        DockerRegistry registry = new DockerRegistry(process, port);
        registry.awaitListening();
        return registry;
    }

    String hostPort() {
        return "127.0.0.1:" + port;
    }

    private void awaitListening() throws InterruptedException {
        for (int attempt = 0; attempt < 200; attempt++) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 100);
                return;
            } catch (IOException e) {
                TimeUnit.MILLISECONDS.sleep(50);
            }
        }
        throw new IllegalStateException("docker-registry does not listen on " + port);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
