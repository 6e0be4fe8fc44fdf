package io.lighterage.runtime.bundle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.NativeFileCalls;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContainerRunTest {
    private static final Duration LONG = Duration.ofMinutes(2);

    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private String id = "";

    @BeforeEach
    void makeTheRoot() throws IOException {
        BusyboxRoot.requireContainers();
        BusyboxRoot.make(folder.resolve("root"));
        id = "lighter-test-" + ProcessHandle.current().pid() + "-" + Integer.toHexString(System.identityHashCode(this));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        Path state = folder.resolve("bundle/state");
        if (Files.exists(state)) {
            try (DirectoryStream<Path> containers = Files.newDirectoryStream(state)) {
                assertThat(containers).as("containers left").isEmpty();
            }
        }
        assertThat(cgroup()).as("cgroup left").doesNotExist();
    }

    private Path cgroup() {
        Path own = Path.of("/sys/fs/cgroup/pids", id);
        return Files.exists(Path.of("/sys/fs/cgroup/pids")) ? own : Path.of("/sys/fs/cgroup", id);
    }

    private void bundle(String user, String... command) {
        BundleSpec spec = BundleSpec.of(folder.resolve("root"), BusyboxRoot.config(user, List.of(command)), id);
        new BundleWriter(new NativeFileCalls()).write(folder.resolve("bundle"), spec);
    }

    private RunResult run(Optional<ReadyLine> until, Duration limit) {
        return ContainerRun.run(request(until, limit, out));
    }

    private RunRequest request(Optional<ReadyLine> until, Duration limit, OutputStream to) {
        return new RunRequest(folder.resolve("bundle"), id, until, limit, to, err);
    }

    private RunResult shell(String script) {
        bundle("", "/bin/sh", "-c", script);
        return run(Optional.of(ReadyLine.startingWith("READY")), LONG);
    }

    @Test
    void theRunEndsWithTheLine() {
        RunResult result = shell("echo starting; echo READY at once; sleep 1000");
        assertThat(result.ending()).isEqualTo(Ending.LINE);
        assertThat(result.line()).isEqualTo("READY at once");
        assertThat(result.exitCode()).isEmpty();
        assertThat(result.elapsed()).isPositive();
        assertThat(out.toString(UTF_8)).startsWith("starting\nREADY at once\n");
    }

    @Test
    void theLineMayComeOnStandardErrorAndWithoutALineFeed() {
        assertThat(shell("echo READY >&2; sleep 1000").ending()).isEqualTo(Ending.LINE);
        assertThat(err.toString(UTF_8)).isEqualTo("READY\n");
        RunResult last = shell("echo -n READY; exit 3");
        assertThat(last.ending()).isEqualTo(Ending.LINE);
    }

    @Test
    void theLineMayBeAnExpression() {
        bundle("", "/bin/sh", "-c", "echo listening on port 80; sleep 1000");
        RunResult result = run(Optional.of(ReadyLine.matching("port \\d+$")), LONG);
        assertThat(result.line()).isEqualTo("listening on port 80");
        assertThatThrownBy(() -> ReadyLine.matching("(")).isInstanceOf(ImageException.class);
    }

    @Test
    void theRunEndsWithItsTime() {
        bundle("", "sleep", "1000");
        RunResult result = run(Optional.empty(), Duration.ofMillis(700));
        assertThat(result.ending()).isEqualTo(Ending.TIME);
        assertThat(result.elapsed()).isGreaterThanOrEqualTo(Duration.ofMillis(700));
    }

    @Test
    void aTimeShorterThanAContainersBirthLeavesNothing() {
        bundle("", "sleep", "1000");
        assertThat(run(Optional.empty(), Duration.ofMillis(1)).ending()).isEqualTo(Ending.TIME);
    }

    @Test
    void theRunEndsWithItsProcessAndItsCode() {
        RunResult result = shell("echo NOT READY; exit 7");
        assertThat(result.ending()).isEqualTo(Ending.EXIT);
        assertThat(result.exitCode()).isEqualTo(OptionalInt.of(7));
        assertThat(shell("exit 200").exitCode()).isEqualTo(OptionalInt.of(200));
        assertThat(shell("exit 1").exitCode()).isEqualTo(OptionalInt.of(1));
    }

    @Test
    void everythingItPrintsIsPassedOn() {
        RunResult result = shell("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done");
        assertThat(result.exitCode()).isEqualTo(OptionalInt.of(0));
        assertThat(out.toString(UTF_8).lines()).hasSize(2000).endsWith("line 1999");
    }

    @ParameterizedTest
    @CsvSource({
        "nosuch, 127, NOT_FOUND",
        "/bin/nosuch, 127, NOT_FOUND",
        "/bin/script, 127, NOT_FOUND",
        "/bin/text, 126, PRECONDITION",
        "/bin/junk, 126, PRECONDITION",
        "/tmp, 126, PRECONDITION"
    })
    void aCommandThatCannotRunIsNamedWithDockersCode(String command, int code, ErrorKind kind) {
        bundle("", command);
        assertThatThrownBy(() -> run(Optional.empty(), LONG))
                .isInstanceOfSatisfying(RunFailure.class, e -> {
                    assertThat(e.exitCode()).as(e.getMessage()).isEqualTo(code);
                    assertThat(e.kind()).isEqualTo(kind);
                })
                .hasMessageContaining(command);
    }

    @Test
    void aContainerThatCannotBeMadeIsOurFailure() throws IOException {
        bundle("", "sleep", "1");
        Files.writeString(folder.resolve("bundle/config.json"), "{}");
        assertThatThrownBy(() -> run(Optional.empty(), LONG))
                .isInstanceOfSatisfying(
                        RunFailure.class, e -> assertThat(e.exitCode()).isEqualTo(125));
        RunRequest request = request(Optional.empty(), LONG, out);
        assertThatThrownBy(() -> ContainerRun.run(folder.resolve("missing"), request))
                .isInstanceOfSatisfying(
                        RunFailure.class, e -> assertThat(e.exitCode()).isEqualTo(125));
    }

    @Test
    void theProcessIsWhoTheImageSays() {
        bundle("web", "/bin/sh", "-c", "id; echo $HOME $GREETING $PWD; cat /proc/self/status");
        run(Optional.empty(), LONG);
        assertThat(out.toString(UTF_8))
                .contains("uid=33(web) gid=34(web) groups=4(adm),34(web)")
                .contains("/www hello /tmp")
                .contains("CapEff:\t0000000000000000");
    }

    @Test
    void anUnknownUserIsFoundOutBeforeAnythingIsMade() {
        assertThatThrownBy(() -> bundle("nobody", "id"))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
                .hasMessageContaining("nobody");
        assertThatThrownBy(() -> bundle("4294967296", "id")).hasMessageContaining("out of range");
        assertThat(folder.resolve("bundle")).doesNotExist();
    }

    @Test
    void aPasswdThatPointsOutOfTheImageIsNotFollowed() throws IOException {
        Path passwd = folder.resolve("root/etc/passwd");
        Files.delete(passwd);
        Files.writeString(folder.resolve("passwd"), "evil:x:0:0::/:");
        Files.createSymbolicLink(passwd, Path.of("../../passwd"));
        assertThatThrownBy(() -> bundle("evil", "id"))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND));
    }

    @Test
    void theContainerSeesItselfOnly() {
        bundle(
                "",
                "/bin/sh",
                "-c",
                "echo $$; hostname; ls /sys/class/net; wget -q http://localhost:9/; cat /etc/hosts");
        run(Optional.empty(), LONG);
        assertThat(out.toString(UTF_8)).startsWith("1\nlighter\nlo\n").contains("127.0.0.1\tlocalhost lighter");
        assertThat(err.toString(UTF_8)).contains("Connection refused"); // lo is up
    }

    @Test
    void anInterruptedRunIsRemoved() throws InterruptedException {
        bundle("", "/bin/sh", "-c", "echo started; sleep 1000");
        CountDownLatch started = new CountDownLatch(1);
        OutputStream signal = new OutputStream() {
            @Override
            public void write(int b) {
                started.countDown();
            }
        };
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread runner = Thread.ofPlatform().start(() -> {
            try {
                ContainerRun.run(request(Optional.empty(), LONG, signal));
            } catch (RuntimeException e) {
                failure.set(Thread.currentThread().isInterrupted() ? e : new AssertionError("not interrupted", e));
            }
        });
        started.await();
        runner.interrupt();
        runner.join();
        assertThat(failure.get())
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED));
    }

    @Test
    void aProcessToldToEndRemovesItsContainer() throws Exception {
        bundle("", "/bin/sh", "-c", "echo started; sleep 1000");
        Process process = RunProcess.start(folder.resolve("bundle"), id);
        try (BufferedReader printed = process.inputReader(UTF_8)) {
            assertThat(printed.readLine()).isEqualTo("started");
            assertThat(cgroup()).exists();
            process.destroy(); // SIGTERM
            assertThat(process.waitFor()).isEqualTo(128 + 15);
            assertThat(cgroup()).doesNotExist();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aReaderThatGoesAwayDoesNotStopTheContainer() {
        bundle("", "/bin/sh", "-c", "echo a; echo b; exit 5");
        OutputStream broken = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        RunResult result = ContainerRun.run(request(Optional.empty(), LONG, broken));
        assertThat(result.exitCode()).isEqualTo(OptionalInt.of(5));
    }
}
