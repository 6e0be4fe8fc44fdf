package io.lighterage.app;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.app.LighterCommand.Ran;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `convert`, `mount`, `status`, `why` and `umount` as a script sees them; the mount is served by its own process.
class LazyVerbsTest {
    private static final String TEXT = "what the file says\n";

    @TempDir
    Path folder;

    private Path mountPoint;

    @BeforeEach
    void mountAnImageInTheBackground() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: the mount shows other owners");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        mountPoint = Files.createDirectory(folder.resolve("mnt"));
        System.setProperty(
                "lighter.command", new LighterCommand(folder).script().toString());
        MemoryUpstream upstream = new MemoryUpstream();
        putImage(upstream);
        try (MirrorServer mirror = MirrorServer.start(MirrorOptions.defaults(), upstream)) {
            Ran converted = lighter("convert", "--to", "estargz", mirror.hostPort() + "/app:latest", layout());
            assertThat(converted.code()).as(converted.err()).isZero();
        }
        Ran mounted = lighter("mount", "--detach", "--no-background", layout(), mountPoint.toString());
        assertThat(mounted.code()).as(mounted.err()).isZero();
        assertThat(mounted.out()).startsWith("sha256:");
    }

    @AfterEach
    void unmount() {
        System.clearProperty("lighter.command");
        if (mountPoint != null) {
            lighter("umount", mountPoint.toString());
        }
    }

    @Test
    void aDetachedMountIsServedExplainedAndUnmounted() throws IOException {
        assertThat(Files.readString(mountPoint.resolve("etc/motd"))).isEqualTo(TEXT);
        Ran status = lighter("status");
        assertThat(status.out()).contains(mountPoint.toString()).contains("DEMAND");
        assertThat(lighter("status", "--json").out()).contains("\"demandReads\":1");
        assertThat(lighter("why", mountPoint.toString()).out())
                .contains("/etc/motd")
                .contains("filling: with what is read, as the background is off")
                .contains("1 reads waited");
        Ran unmounted = lighter("umount", mountPoint.toString());
        assertThat(unmounted.code()).as(unmounted.err()).isZero();
        assertThat(mountPoint).isEmptyDirectory();
        await(() -> lighter("status").err().contains("nothing is mounted"));
        assertThat(lighter("why", mountPoint.toString()).out())
                .contains("not mounted any more")
                .contains("/etc/motd");
    }

    @Test
    void theKernelCanBeGivenTheTreeAsErofs() throws IOException {
        assertThat(lighter("status").out()).doesNotContain("EROFS");
        assertThat(lighter("umount", mountPoint.toString()).code()).isZero();
        assumeTrue(Files.readString(Path.of("/proc/filesystems")).contains("erofs"), "needs a kernel with EROFS");
        Ran mounted =
                lighter("mount", "--mounter", "erofs", "--detach", "--no-background", layout(), mountPoint.toString());
        assertThat(mounted.code()).as(mounted.err()).isZero();
        assertThat(Files.readString(mountPoint.resolve("etc/motd"))).isEqualTo(TEXT);
        assertThat(lighter("status").out()).contains("EROFS");
        assertThat(lighter("why", mountPoint.toString()).out()).contains("/etc/motd");
        assertThat(lighter("umount", mountPoint.toString()).code()).isZero();
        assertThat(mountPoint).isEmptyDirectory();
    }

    @Test
    void aMountWhoseServerWasKilledCanBeUnmounted() throws IOException {
        String status = lighter("status", "--json").out();
        long pid = Long.parseLong(status.replaceAll("(?s).*\"pid\":(\\d+).*", "$1"));
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();
        await(() -> ProcessHandle.of(pid).isEmpty()
                || !ProcessHandle.of(pid).orElseThrow().isAlive());
        Ran unmounted = lighter("umount", mountPoint.toString());
        assertThat(unmounted.code()).as(unmounted.err()).isZero();
        assertThat(mountPoint).isEmptyDirectory();
        Ran again = lighter("mount", "--detach", layout(), mountPoint.toString());
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(Files.readString(mountPoint.resolve("etc/motd"))).isEqualTo(TEXT);
    }

    @Test
    void whatIsNotMountedCannotBeUnmountedOrExplained() {
        String elsewhere = folder.resolve("elsewhere").toString();
        assertThat(lighter("umount", elsewhere).code()).isEqualTo(ExitCode.NOT_FOUND);
        assertThat(lighter("why", elsewhere).code()).isEqualTo(ExitCode.NOT_FOUND);
        assertThat(lighter("mount", layout(), elsewhere).code()).isEqualTo(ExitCode.NOT_FOUND);
        Ran failed = lighter("mount", "--detach", layout(), elsewhere);
        assertThat(failed.code()).isEqualTo(ExitCode.NOT_FOUND);
        assertThat(failed.err()).contains("no such directory");
    }

    private void putImage(MemoryUpstream upstream) {
        byte[] tar = tarOf(file("etc/motd", TEXT));
        Digest layer = upstream.put("app", ByteBuffer.wrap(tar));
        String config = "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
                + layer + "\"]}}";
        Digest configDigest = upstream.put("app", bytes(config));
        upstream.putManifest(
                "app",
                "latest",
                MediaType.OCI_MANIFEST,
                bytes("{\"schemaVersion\":2,\"config\":"
                        + descriptor(MediaType.OCI_CONFIG, configDigest, config.length()) + ",\"layers\":["
                        + descriptor(MediaType.OCI_LAYER, layer, tar.length) + "]}"));
    }

    private static String descriptor(String mediaType, Digest digest, long size) {
        return "{\"mediaType\":\"" + mediaType + "\",\"digest\":\"" + digest + "\",\"size\":" + size + "}";
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private String layout() {
        return "oci:" + folder.resolve("layout") + ":latest";
    }

    private Ran lighter(String... words) {
        return new LighterCommand(folder).run(words);
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited for half a minute").isLessThan(deadline);
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
    }
}
