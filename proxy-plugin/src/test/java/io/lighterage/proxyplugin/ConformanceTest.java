package io.lighterage.proxyplugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Containerd's own suite for snapshotters, unchanged, from Debian's sources.
class ConformanceTest {
    private static final Path SUITE =
            Path.of("/usr/share/gocode/src/github.com/containerd/containerd/snapshots/testsuite");
    private static final Pattern PASSED = Pattern.compile("(?m)^    --- PASS: TestSnapshotter/");
    private static final Pattern SKIPPED = Pattern.compile("(?m)^    --- SKIP: TestSnapshotter/(\\w+)");

    /// Cases of containerd 1.6, which skips `Rename` whatever the snapshotter.
    private static final int CASES = 20;

    @TempDir
    static Path built;

    private static Path suite;

    @TempDir
    Path folder;

    @BeforeAll
    static void buildTheSuite() throws Exception {
        Programs.require("go");
        assumeTrue(
                Files.isDirectory(SUITE),
                "needs Debian's golang-github-containerd-containerd-dev; ./verify installs it");
        Path source = Files.createDirectories(built.resolve("src/conformance"));
        try (InputStream in = ConformanceTest.class.getResourceAsStream("/conformance/snapshotter_test.go")) {
            Files.write(
                    source.resolve("snapshotter_test.go"),
                    Objects.requireNonNull(in).readAllBytes());
        }
        suite = built.resolve("suite");
        Map<String, String> environment = Map.of(
                "GO111MODULE",
                "off",
                "GOFLAGS",
                "",
                "GOPATH",
                built + ":/usr/share/gocode",
                "GOCACHE",
                built.resolve("cache").toString());
        Programs.run(source, environment, "go", "test", "-c", "-o", suite.toString(), ".");
    }

    private void assertPasses(Map<String, String> environment) throws Exception {
        Programs.Result result =
                Programs.attempt(folder, environment, List.of(suite.toString(), "-test.root", "-test.v"));
        assertThat(result.code()).as(result.output()).isZero();
        assertThat(PASSED.matcher(result.output()).results())
                .as(result.output())
                .hasSize(CASES);
        assertThat(SKIPPED.matcher(result.output()).results().map(skip -> skip.group(1)))
                .containsExactly("Rename");
    }

    @Test
    void theSuitePasses() throws Exception {
        Path socket = folder.resolve("s.sock");
        try (RunningServer server = RunningServer.start(folder.resolve("root"), socket)) {
            assertPasses(Map.of("SOCKET", socket.toString(), "NAMESPACE", ""));
            assertThat(server.snapshotter().list()).isNotEmpty();
        }
    }

    @Test
    void theSuitePassesBehindContainerd() throws Exception {
        Programs.require("containerd", "ctr");
        Path socket = folder.resolve("s.sock");
        try (RunningServer server = RunningServer.start(folder.resolve("root"), socket);
                Containerd containerd = Containerd.start(folder.resolve("containerd"), socket)) {
            assertPasses(Map.of("SOCKET", containerd.socket().toString(), "NAMESPACE", "suite"));
            assertThat(server.snapshotter().list()).isNotEmpty();
        }
    }

    @Test
    void theSuitePassesBehindContainerdOfANewerSuite() throws Exception {
        Path socket = folder.resolve("s.sock");
        Path config =
                Files.writeString(folder.resolve("config.toml"), """
                version = 3
                root = "%1$s/containerd/root"
                state = "%1$s/containerd/state"
                disabled_plugins = ["io.containerd.grpc.v1.cri"]
                [grpc]
                  address = "%1$s/containerd/c.sock"
                [plugins."io.containerd.gc.v1.scheduler"]
                  startup_delay = "1h"
                [proxy_plugins.%2$s]
                  type = "snapshot"
                  address = "%3$s"
                """.formatted(folder, Containerd.SNAPSHOTTER, socket));
        try (NewerSuite newer = NewerSuite.open(folder);
                RunningServer server = RunningServer.start(folder.resolve("root"), socket);
                Containerd containerd = Containerd.startNewer(newer, folder.resolve("containerd"), config)) {
            assertThat(containerd.ctr("version")).containsPattern("Server:\\s+Version: +2\\.");
            assertPasses(Map.of("SOCKET", containerd.socket().toString(), "NAMESPACE", "suite"));
            assertThat(server.snapshotter().list()).isNotEmpty();
        }
    }
}
