package io.lighterage.app;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The `lighter` command as a script sees it, on sources that were not packaged.
///
/// @param folder where its root and what stands for its launcher are
record LighterCommand(Path folder) {
    /// What it did.
    record Ran(int code, String out, String err) {}

    Path root() {
        return folder.resolve("root");
    }

    /// Runs it in this process.
    Ran run(String... words) {
        List<String> line = new ArrayList<>(List.of(words));
        line.add("--plain-http");
        line.add("--root=" + root());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code;
        try (PrintStream printed = new PrintStream(out, true, StandardCharsets.UTF_8);
                PrintStream said = new PrintStream(err, true, StandardCharsets.UTF_8)) {
            code = Main.run(line, printed, said, Map.of("PATH", System.getenv("PATH")));
        }
        return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /// Stands for the `lighter` script, which is there only when the project is packaged.
    Path script() throws IOException {
        Path script = folder.resolve("lighter");
        Files.writeString(
                script,
                "#!/bin/sh\nexec " + String.join(" ", java(System.getProperty("java.class.path"))) + " \"$@\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return script;
    }

    /// What the launcher becomes, without the start-up cache; the words of the command come behind.
    static List<String> java(String classPath) throws IOException {
        String launcher = Files.readString(Repository.top().resolve("lighter"));
        int flags = launcher.indexOf("\nflags=(\n") + "\nflags=(\n".length();
        String given = launcher.substring(flags, launcher.indexOf("\n)\n", flags));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(given.strip().split("\\s+")));
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", classPath, "io.lighterage.app.Main"));
        return command;
    }
}
