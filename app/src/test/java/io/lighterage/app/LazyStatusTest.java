package io.lighterage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.TaskGroup;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.lazy.EstargzBlob;
import io.lighterage.remotesnapshotter.lazy.EstargzImage;
import io.lighterage.runtime.MountReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What `status` and `why` say of a mount whose registry lets it wait, or fails.
@Timeout(180)
class LazyStatusTest {
    /// Less than a page, so that the kernel asks once.
    private static final int READ = 4_000;
    private static final int UNREAD = 30_000;

    @TempDir
    Path folder;

    private final byte[] bytes = new byte[READ];
    private final byte[] others = new byte[UNREAD];
    private LighterCommand lighter;
    private MirrorServer registry;
    private Path mountPoint;

    @BeforeEach
    void mountInTheBackground() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: the mount shows other owners");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        new Random(1).nextBytes(bytes);
        new Random(2).nextBytes(others);
        MemoryUpstream upstream = new MemoryUpstream();
        EstargzImage.put(
                upstream,
                "app",
                List.of(
                        new EstargzBlob(Map.of("other", others), 1 << 20, 0),
                        new EstargzBlob(Map.of("file", bytes), 1 << 20, 0)));
        registry = MirrorServer.start(MirrorOptions.defaults(), upstream);
        mountPoint = Files.createDirectory(folder.resolve("mnt"));
        lighter = new LighterCommand(folder);
        System.setProperty("lighter.command", lighter.script().toString());
        LighterCommand.Ran mounted = lighter.run(
                "mount", "--detach", "--no-background", registry.hostPort() + "/app:latest", mountPoint.toString());
        assertThat(mounted.code()).as(mounted.err()).isZero();
    }

    @AfterEach
    void unmount() {
        System.clearProperty("lighter.command");
        if (registry != null) {
            lighter.run("umount", mountPoint.toString());
            registry.close();
        }
    }

    @Test
    void aReadThatWaitsIsCountedUntilItsBytesAreHere() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        registry.faults().nextBlobs(1, new Fault.Hold(gate));
        try (TaskGroup group = new TaskGroup("reading")) {
            group.fork(() -> Files.readAllBytes(mountPoint.resolve("file")));
            while (report().waitingReads() == 0) {
                Thread.sleep(20);
            }
            assertThat(report().waitingReads()).isEqualTo(1);
            assertThat(report().bytesHere()).isZero();
            assertThat(rows())
                    .satisfiesExactly(
                            row -> assertThat(row).matches("[0-9a-f]+ +0 B +30.0 kB +0 B +0 +0 +0"),
                            row -> assertThat(row).matches("[0-9a-f]+ +0 B +4.00 kB +0 B +1 +1 +1"));
            gate.countDown();
            group.join();
        }
        assertThat(mountPoint.resolve("file")).hasBinaryContent(bytes);
        MountReport report = report();
        assertThat(report.waitingReads()).isZero();
        assertThat(report.bytesHere()).isEqualTo(READ);
        assertThat(report.bytesTotal()).isEqualTo(READ + UNREAD);
        assertThat(report.requests()).isEqualTo(1);
        assertThat(lighter.run("status").out()).contains("4.00 kB of 34.0 kB here");
        assertThat(lighter.run("why", mountPoint.toString()).out())
                .contains("/file")
                .contains("1 requests brought");
    }

    @Test
    void whatFailedLastIsShownWithItsCause() {
        registry.faults().nextBlobs(1000, Fault.status(404));
        assertThatThrownBy(() -> Files.readAllBytes(mountPoint.resolve("file"))).isInstanceOf(IOException.class);
        MountReport report = report();
        assertThat(report.waitingReads()).isZero();
        assertThat(report.bytesHere()).isZero();
        assertThat(report.layers().get(0).lastError()).isEmpty();
        assertThat(report.layers().get(1).lastError())
                .hasValueSatisfying(error -> assertThat(error)
                        .contains(
                                "cannot read file of layer "
                                        + report.layers().get(1).digest(),
                                "HTTP 404"));
        assertThat(rows()).hasSize(3);
        assertThat(rows().getLast())
                .startsWith("last error of " + report.layers().get(1).digest().shortHex() + ": ")
                .contains("HTTP 404");
        assertThat(lighter.run("why", mountPoint.toString()).out())
                .contains("last error: cannot read file")
                .contains("HTTP 404");
    }

    private MountReport report() {
        String json = lighter.run("status", "--json").out().strip();
        return MountReport.parse(json.substring(1, json.length() - 1));
    }

    /// The lines of the table, one a layer, and what is below it.
    private List<String> rows() {
        return lighter.run("status").out().lines().skip(2).map(String::strip).toList();
    }
}
