package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.ErrorKind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The program that makes containers, for one container. Its state is kept in the bundle, so that no two of them meet.
///
/// @param program the executable
/// @param request the container
record Runc(Path program, RunRequest request) {
    /// A distribution puts it where only root's PATH leads.
    private static final List<String> USUAL = List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin");

    /// What it says of one container fits into far less.
    private static final int MAX_LOG_LINES = 1000;

    private static final long PATIENCE_SECONDS = 10;
    private static final ObjectMapper JSON = new ObjectMapper();

    /// @param path the PATH to look in
    /// @throws RunFailure UNSUPPORTED when there is none
    static Path find(String path) {
        List<String> places = new ArrayList<>(List.of(path.split(":")));
        places.addAll(USUAL);
        return places.stream()
                .filter(place -> place.startsWith("/"))
                .map(place -> Path.of(place, "runc"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new RunFailure(
                        ErrorKind.UNSUPPORTED,
                        RunFailure.NOT_MADE,
                        "cannot start a container: no 'runc' in PATH or " + String.join(", ", USUAL)
                                + "; install it (Debian: apt-get install runc)",
                        null));
    }

    /// Starts the container in the foreground of a new process, whose exit code will be the container's.
    Process run() throws IOException {
        Files.deleteIfExists(pidFile()); // of an earlier run
        Files.deleteIfExists(log());
        List<String> command = command("run", "--bundle", request.bundle().toString());
        command.addAll(List.of("--pid-file", pidFile().toString(), request.id()));
        ProcessBuilder builder = new ProcessBuilder(command);
        // It hands the sockets these name on to the container.
        builder.environment()
                .keySet()
                .removeAll(List.of("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"));
        return builder.redirectInput(Path.of("/dev/null").toFile()).start();
    }

    /// Kills the container's first process, and with it, as they share a pid namespace, every other.
    ///
    /// @return whether there was such a container
    boolean kill() {
        return quietly("kill", request.id(), "KILL");
    }

    /// Removes what is left of the container.
    ///
    /// @return whether nothing is left
    boolean delete() {
        return quietly("delete", "--force", request.id());
    }

    /// Whether the container's process was started.
    boolean started() {
        return Files.exists(pidFile());
    }

    /// The last error runc logged, empty when it logged none.
    String lastError() {
        String last = "";
        try (BufferedReader log =
                new BufferedReader(new InputStreamReader(Files.newInputStream(log()), StandardCharsets.UTF_8))) {
            String line = log.readLine();
            for (int i = 0; line != null && i < MAX_LOG_LINES; i++, line = log.readLine()) {
                last = error(line, last);
            }
            return last;
        } catch (NoSuchFileException e) {
            return last;
        } catch (IOException e) {
            return "its log " + log() + " cannot be read: " + e;
        }
    }

    private static String error(String line, String otherwise) {
        try {
            JsonNode entry = JSON.readTree(line);
            boolean serious =
                    List.of("error", "fatal").contains(entry.path("level").asString(""));
            return serious ? entry.path("msg").asString(otherwise) : otherwise;
        } catch (JacksonException e) {
            return otherwise;
        }
    }

    private boolean quietly(String... arguments) {
        try {
            Process process = new ProcessBuilder(command(arguments))
                    .redirectErrorStream(true)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                return process.exitValue() == 0;
            }
            process.destroyForcibly();
            return false;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                program.toString(),
                "--root",
                request.bundle().resolve("state").toString(),
                "--log",
                log().toString(),
                "--log-format",
                "json"));
        command.addAll(List.of(arguments));
        return command;
    }

    private Path log() {
        return request.bundle().resolve("runc.log");
    }

    private Path pidFile() {
        return request.bundle().resolve("pid");
    }
}
