package io.lighterage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotterVerbTest {
    @TempDir
    Path folder;

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
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
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
}
