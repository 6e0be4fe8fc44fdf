package io.lighterage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotterVerbTest {
    @TempDir
    Path folder;

    private final Map<String, String> environment = new HashMap<>();

    private Process start(String socket, String root, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "io.lighterage.app.Main",
                "snapshotter"));
        command.addAll(List.of("--address", folder.resolve(socket).toString()));
        command.addAll(List.of("--root", folder.resolve(root).toString()));
        command.addAll(List.of(more));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        return builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                .start();
    }

    private Path log() {
        return folder.resolve("log");
    }

    private void awaitListening(Process process, Path socket) throws Exception {
        while (process.isAlive() && !Files.readString(log()).contains("serving")) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        assertThat(log()).content().contains("serving").contains(socket.toString());
    }

    @Test
    void aSignalEndsItInOrderAndWithZero() throws Exception {
        Path socket = folder.resolve("s.sock");
        Process process = start("s.sock", "root");
        try {
            awaitListening(process, socket);
            assertThat(socket).exists();
            process.destroy(); // SIGTERM
            assertThat(process.waitFor()).as(Files.readString(log())).isZero();
            assertThat(socket).doesNotExist();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aSecondOneOnTheSameRootIsRefused() throws Exception {
        Process first = start("s.sock", "root");
        try {
            awaitListening(first, folder.resolve("s.sock"));
            Process second = start("other.sock", "root");
            assertThat(second.waitFor()).isEqualTo(ExitCode.OTHER);
            assertThat(log()).content().contains("another process keeps snapshots in");
            assertThat(first.isAlive()).isTrue();
        } finally {
            first.destroyForcibly();
        }
    }

    @Test
    void anImageServiceThatIsItsOwnSocketIsRefused() throws Exception {
        Path socket = folder.resolve("s.sock");
        Process process = start("s.sock", "root", "--image-service", socket.toString());
        assertThat(process.waitFor()).isEqualTo(ExitCode.OTHER);
        assertThat(log()).content().contains("go round in circles");
        assertThat(socket).doesNotExist();
    }

    @Test
    void theServiceManagerIsToldOfTheBeginningAndTheEnd() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "needs python3 to receive datagrams");
        Path address = folder.resolve("notify.sock");
        Path heard = folder.resolve("heard");
        Process receiver = new ProcessBuilder("python3", "-c", """
                        import socket, sys
                        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                        s.bind(sys.argv[1])
                        with open(sys.argv[2], "wb", buffering=0) as out:
                            while True:
                                out.write(s.recv(65536) + b"\\n--\\n")
                        """, address.toString(), heard.toString()).start();
        try {
            while (!Files.exists(address) || !Files.exists(heard)) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            environment.put("NOTIFY_SOCKET", address.toString());
            Process process = start("s.sock", "root");
            while (process.isAlive() && !Files.readString(heard).contains("READY=1")) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
            assertThat(folder.resolve("s.sock")).as("serves when it says so").exists();
            process.destroy();
            assertThat(process.waitFor()).isZero();
            assertThat(heard).content().startsWith("READY=1\nSTATUS=serving").contains("\n--\nSTOPPING=1\n");
        } finally {
            receiver.destroyForcibly();
        }
    }
}
