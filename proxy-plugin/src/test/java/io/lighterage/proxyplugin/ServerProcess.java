package io.lighterage.proxyplugin;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// A server in a process of its own that can be killed: root, socket.
final class ServerProcess {
    private ServerProcess() {}

    public static void main(String[] args) throws InterruptedException {
        try (RunningServer server = RunningServer.start(Path.of(args[0]), Path.of(args[1]))) {
            server.server().awaitClosed();
        }
    }

    static Process start(Path root, Path socket, Path log) throws IOException {
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ServerProcess.class.getName(),
                        root.toString(),
                        socket.toString()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }
}
