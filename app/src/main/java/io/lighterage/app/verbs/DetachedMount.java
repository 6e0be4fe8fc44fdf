package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/// Starts this command again without `--detach`, in a session of its own, and waits until it says that the tree
/// can be read.
///
/// @param invocation what was asked for
record DetachedMount(Invocation invocation) {
    private static final String FLAG = "--detach";
    private static final String PREFIX = "mount-";
    private static final String LOG = ".log";

    int start() {
        Path fresh = logFile();
        Process process = launch(fresh);
        Path log = named(fresh, process.pid());
        String digest = firstLine(process);
        if (digest.isEmpty()) {
            return failed(process, log);
        }
        invocation.out().println(digest);
        invocation.out().flush();
        return ExitCode.OK;
    }

    private Path logFile() {
        try {
            Path run = Files.createDirectories(invocation.root().resolve("run"));
            removeLogsOfTheDead(run);
            return Files.createTempFile(run, "mounting-", LOG);
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.DENIED,
                    "cannot write below " + invocation.root() + ": " + e + "; choose a --root this user may write to",
                    e);
        }
    }

    private static void removeLogsOfTheDead(Path run) throws IOException {
        try (DirectoryStream<Path> logs = Files.newDirectoryStream(run, PREFIX + "*" + LOG)) {
            for (Path log : logs) {
                String pid = String.valueOf(log.getFileName()).replaceAll("\\D", "");
                if (!pid.isEmpty() && ProcessHandle.of(Long.parseLong(pid)).isEmpty()) {
                    Files.deleteIfExists(log);
                }
            }
        }
    }

    /// The process writes on, whatever its log is called.
    private static Path named(Path log, long pid) {
        try {
            return Files.move(log, log.resolveSibling(PREFIX + pid + LOG), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            return log;
        }
    }

    private Process launch(Path log) {
        List<String> command = new ArrayList<>(List.of("setsid", launcher()));
        invocation.arguments().stream().filter(word -> !word.equals(FLAG)).forEach(command::add);
        try {
            return new ProcessBuilder(command)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectError(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot start a process in the background: " + e + "; setsid comes with util-linux",
                    e);
        }
    }

    private static String launcher() {
        String launcher = System.getProperty("lighter.command", "");
        if (launcher.isEmpty()) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot start a process in the background: this one was not started by the 'lighter' command");
        }
        return launcher;
    }

    private static String firstLine(Process process) {
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line = out.readLine();
            return line == null ? "" : line;
        } catch (IOException e) {
            process.destroy();
            throw new ImageException(
                    ErrorKind.INTERNAL, "cannot hear from the process in the background: " + e.getMessage(), e);
        }
    }

    /// Passes on what the process said, and its exit code.
    private int failed(Process process, Path log) {
        try {
            int code = process.waitFor();
            invocation.err().print(Files.readString(log));
            Files.deleteIfExists(log);
            return code == 0 ? ExitCode.OTHER : code;
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while mounting", e);
        } catch (IOException e) {
            throw new ImageException(ErrorKind.INTERNAL, "cannot read " + log + ": " + e.getMessage(), e);
        }
    }
}
