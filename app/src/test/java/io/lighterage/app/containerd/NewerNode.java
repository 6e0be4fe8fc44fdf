package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.app.Main;
import io.lighterage.proxyplugin.Containerd;
import io.lighterage.proxyplugin.NewerSuite;
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
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A containerd 2.x and a snapshotter, which know of each other what `lighter setup containerd` has written.
record NewerNode(NewerSuite suite, ServingProcess serving, Containerd containerd) implements AutoCloseable {
    private static final String PLACES = """
            root = "%1$s/containerd/root"
            state = "%1$s/containerd/state"
            [grpc]
              address = "%1$s/containerd/c.sock"
            """;

    /// A configuration as containerd 2.x writes it itself.
    static String ownVersion(Path folder, String more) {
        return "version = 3\n" + PLACES.formatted(folder) + more;
    }

    /// The one that the suite's package brings, in other places.
    static String packaged(Path folder) throws IOException {
        String text = Files.readString(NewerSuite.root().resolve("etc/containerd/config.toml"));
        assertThat(text).startsWith("version = 2\n");
        return text.replaceFirst("\n", "\n" + PLACES.formatted(folder));
    }

    /// @param before the configuration that setup finds
    /// @param flags of the snapshotter
    static NewerNode start(Path folder, String before, String... flags) throws Exception {
        Path config = Files.writeString(folder.resolve("config.toml"), before);
        setUp(folder, config);
        assertThat(config).content().startsWith(before);
        NewerSuite suite = NewerSuite.open(folder);
        ServingProcess serving = null;
        try {
            serving = ServingProcess.start(folder, flags);
            return new NewerNode(suite, serving, Containerd.startNewer(suite, folder.resolve("containerd"), config));
        } catch (Exception | AssertionError e) {
            if (serving != null) {
                serving.close();
            }
            suite.close();
            throw e;
        }
    }

    /// With the suite's containerd for the one that is installed. To say its version it needs the suite's libraries.
    private static void setUp(Path folder, Path config) throws IOException {
        Path bin = Files.createDirectory(folder.resolve("bin"));
        Path program = Files.writeString(
                bin.resolve("containerd"),
                "#!/bin/sh\nexec chroot '%s' /usr/bin/containerd \"$@\"\n".formatted(NewerSuite.root()));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
        List<String> command = new ArrayList<>(List.of("setup", "containerd", "--containerd-config"));
        command.addAll(
                List.of(config.toString(), "--root", folder.resolve("root").toString()));
        command.addAll(List.of("--address", folder.resolve("s.sock").toString()));
        assertThat(Main.run(command, stream, stream, Map.of("PATH", bin.toString())))
                .as(said.toString(StandardCharsets.UTF_8))
                .isZero();
    }

    /// Blobs that containerd has in a namespace.
    long blobs(String namespace) throws Exception {
        return containerd
                .ctr("--namespace", namespace, "content", "ls", "-q")
                .lines()
                .count();
    }

    /// Runs a script in a container of its own.
    String run(String snapshotter, String image, String name, String script) throws Exception {
        return containerd.ctr("run", "--rm", "--snapshotter", snapshotter, image, name, "/bin/sh", "-c", script);
    }

    /// Waits for containerd to dial again.
    void awaitConnected() throws Exception {
        String[] list = {"snapshot", "--snapshotter", Containerd.SNAPSHOTTER, "ls"};
        for (int attempt = 0; attempt < 600 && containerd.attempt(list).code() != 0; attempt++) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /// Waits for nothing to be left of any image, which is a while after its removal, and tells what is.
    List<String> left(Path folder) throws Exception {
        List<String> left = remains(folder);
        for (int attempt = 0; attempt < 600 && !left.isEmpty(); attempt++) {
            TimeUnit.MILLISECONDS.sleep(50);
            left = remains(folder);
        }
        return left;
    }

    private List<String> remains(Path folder) throws IOException {
        List<String> remains = new ArrayList<>();
        for (String directory : List.of("layers", "blobs", "snapshots")) {
            try (Stream<Path> all = Files.walk(serving.root().resolve(directory))) {
                all.filter(file -> !Files.isDirectory(file) && !file.endsWith("lock"))
                        .forEach(file -> remains.add(file.toString()));
            }
        }
        try (Stream<Path> snapshots = Files.list(serving.root().resolve("snapshots"))) {
            snapshots.forEach(snapshot -> remains.add(snapshot.toString()));
        }
        for (Path table : List.of(Path.of("/proc/self/mountinfo"), containerd.seen(Path.of("/proc/1/mountinfo")))) {
            try (Stream<String> mounts = Files.lines(table)) {
                mounts.filter(mount -> mount.contains(" " + folder + "/")).forEach(remains::add);
            }
        }
        return remains;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        containerd.close();
        serving.close();
        suite.close();
    }
}
