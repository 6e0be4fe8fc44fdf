package io.lighterage.contentstore.disk;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A small file system of its own, mounted for one test. Needs root.
final class Tmpfs implements AutoCloseable {
    private final Path directory;

    private Tmpfs(Path directory) {
        this.directory = directory;
    }

    static void assumeMountable() {
        assumeTrue("root".equals(System.getProperty("user.name")), "mounting a tmpfs needs root");
    }

    static Tmpfs mount(Path directory, String options) throws IOException, InterruptedException {
        assumeMountable();
        run("mount", "-t", "tmpfs", "-o", options, "tmpfs", directory.toString());
        return new Tmpfs(directory);
    }

    void remount(String options) throws IOException, InterruptedException {
        run("mount", "-o", "remount," + options, directory.toString());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        run("umount", "-l", directory.toString());
    }

    private static void run(String... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(command));
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(words + ": " + said);
        }
    }
}
