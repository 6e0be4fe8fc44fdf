package io.lighterage.app.setup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Which containerd is installed.
public final class ContainerdVersion {
    /// As in `containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1`.
    private static final Pattern MAJOR = Pattern.compile("\\sv?(\\d{1,3})\\.\\d");

    private ContainerdVersion() {}

    /// The version of the configuration that the installed containerd writes itself; where there is none,
    /// the one that every containerd reads.
    ///
    /// @param path as in the environment
    public static int configuration(String path) {
        return installed(path)
                .map(ContainerdVersion::said)
                .filter(said -> major(said) >= 2)
                .map(said -> ContainerdStanza.OF_CONTAINERD_2)
                .orElse(ContainerdStanza.OF_CONTAINERD_1);
    }

    static int major(String said) {
        Matcher matcher = MAJOR.matcher(said);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private static Optional<Path> installed(String path) {
        return Stream.concat(Stream.of(path.split(":")), Stream.of("/usr/local/bin", "/usr/bin"))
                .filter(folder -> folder.startsWith("/"))
                .map(folder -> Path.of(folder, "containerd"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static String said(Path program) {
        try {
            Process process = new ProcessBuilder(program.toString(), "--version")
                    .redirectErrorStream(true)
                    .start();
            try {
                if (!process.waitFor(10, TimeUnit.SECONDS)) {
                    return ""; // what it prints is shorter than a pipe holds, so it does not wait for us
                }
                return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
