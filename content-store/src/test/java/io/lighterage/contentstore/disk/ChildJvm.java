package io.lighterage.contentstore.disk;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A second process with the tests' class path, listened to line by line.
final class ChildJvm implements AutoCloseable {
    private final Process process;
    private final BufferedReader lines;

    private ChildJvm(Process process) {
        this.process = process;
        this.lines = process.inputReader();
    }

    /// @param options for the JVM; arguments of [IngestingProcess] follow
    static ChildJvm start(List<String> options, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), IngestingProcess.class.getName()));
        command.addAll(List.of(arguments));
        return new ChildJvm(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(new File("target/child-jvm.log")))
                .start());
    }

    /// The next line it says; fails when it has ended instead.
    String says() throws IOException {
        String line = lines.readLine();
        if (line == null) {
            throw new IOException("the child process ended early; see target/child-jvm.log");
        }
        return line;
    }

    /// Lets a waiting child go on.
    void go() throws IOException {
        OutputStream in = process.getOutputStream();
        in.write('\n');
        in.flush();
    }

    int exitCode() throws InterruptedException {
        return process.waitFor();
    }

    /// SIGKILL; returns when it is dead.
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
