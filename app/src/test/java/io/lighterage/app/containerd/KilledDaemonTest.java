package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Digest;
import io.lighterage.linux.DescriptorHolder;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.proxyplugin.Containerd;
import io.lighterage.proxyplugin.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Containers that run, and read what is not here yet, while the daemon is killed and started again.
class KilledDaemonTest {
    private static final int PIECE = 128 << 10;
    private static final int PIECES = 240;
    private static final int KILLS = Boolean.getBoolean("lighterage.full") ? 12 : 4;

    @TempDir
    Path folder;

    private MirrorServer registry;
    private ServingProcess serving;
    private Containerd containerd;

    @BeforeEach
    void start() throws Exception {
        Programs.require("containerd", "ctr", "ctr-remote", "runc", "busybox");
        assumeTrue(Files.readString(Path.of("/proc/filesystems")).contains("erofs"), "needs EROFS");
        Path plain = BusyImage.plain(folder.resolve("plain"), BusyImage.layers(PIECE * PIECES));
        Path lazy = BusyImage.lazy(folder.resolve("lazy"), plain, folder.resolve("work"));
        registry = MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("app", lazy));
        serving = ServingProcess.start(folder, "--no-background", "--mounter", "erofs");
        containerd = Containerd.start(folder.resolve("containerd"), serving.socket());
        containerd.rpull(image());
    }

    @AfterEach
    void stop() {
        if (containerd != null) {
            containerd.close();
        }
        if (serving != null) {
            serving.close();
        }
        if (registry != null) {
            registry.close();
        }
    }

    private String image() {
        return registry.hostPort() + "/app:latest";
    }

    private CompletableFuture<String> run(String name, String script) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return containerd.ctr(
                        "run", "--rm", "--snapshotter", Containerd.SNAPSHOTTER, image(), name, "/bin/sh", "-c", script);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /// The sha256 of each piece of the large file.
    private static List<String> pieces() {
        byte[] noise = new byte[PIECE * PIECES];
        new Random(noise.length).nextBytes(noise);
        List<String> all = new ArrayList<>();
        for (int i = 0; i < PIECES; i++) {
            all.add(Digest.sha256(Arrays.copyOfRange(noise, i * PIECE, (i + 1) * PIECE))
                    .hex());
        }
        return all;
    }

    @Test
    void aContainerGoesOnReadingWhileTheDaemonIsKilledAgainAndAgain() throws Exception {
        CompletableFuture<String> reading = run(
                "reader",
                "i=0; while [ $i -lt " + PIECES + " ]; do dd if=/noise bs=" + PIECE
                        + " skip=$i count=1 2>/dev/null | sha256sum; i=$((i+1)); usleep 50000; done");
        int kills = 0;
        Random random = new Random(KILLS);
        while (!reading.isDone() && kills < KILLS) {
            TimeUnit.MILLISECONDS.sleep(300 + random.nextInt(900));
            serving.kill();
            TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
            serving.startAgain();
            kills++;
        }
        assertThat(kills).as("kills while it read").isEqualTo(KILLS);
        assertThat(reading.get().lines().map(line -> line.split(" ")[0]))
                .as(serving.log())
                .containsExactlyElementsOf(pieces());
        assertThat(holders()).isEqualTo(1);
    }

    @Test
    void aContainerGoesOnWhileTheDaemonIsStoppedAndAnotherIsStarted() throws Exception {
        CompletableFuture<String> reading = run(
                "reader",
                "i=0; while [ $i -lt " + PIECES + " ]; do dd if=/noise bs=" + PIECE
                        + " skip=$i count=1 2>/dev/null | sha256sum; i=$((i+1)); usleep 50000; done");
        for (int stops = 0; stops < 2; stops++) {
            TimeUnit.MILLISECONDS.sleep(700);
            serving.stop();
            assertThat(reading.isDone()).isFalse();
            serving.startAgain();
        }
        assertThat(reading.get().lines().map(line -> line.split(" ")[0]))
                .as(serving.log())
                .containsExactlyElementsOf(pieces());
    }

    @Test
    void aReadThatWaitsWhenTheDaemonDiesIsAnswered() throws Exception {
        registry.clearRequests();
        registry.faults().nextBlobs(20, new Fault.Stall(1000));
        CompletableFuture<String> reading = run("reader", "sha256sum < /noise");
        while (registry.requests().stream().noneMatch(request -> request.path().contains("/blobs/"))) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        serving.kill();
        registry.faults().clear();
        registry.faults().releaseStalled();
        serving.startAgain();
        byte[] noise = new byte[PIECE * PIECES];
        new Random(noise.length).nextBytes(noise);
        assertThat(reading.get()).startsWith(Digest.sha256(noise).hex());
    }

    @Test
    void whatHeldTheDescriptorsEndsWithTheLastMount() throws Exception {
        assertThat(run("one", "cat /top").get()).isEqualTo("top");
        assertThat(holders()).isEqualTo(1);
        serving.kill();
        assertThat(holders()).isEqualTo(1);
        serving.startAgain();
        serving.stop();
        assertThat(holders()).isZero();
    }

    @Test
    void whenTheHolderIsKilledTooNewContainersStartAllTheSame() throws Exception {
        assertThat(run("one", "cat /top").get()).isEqualTo("top");
        serving.kill();
        holding().forEach(DescriptorHolder::end);
        assertThat(holders()).isZero();
        serving.startAgain();
        while (containerd
                        .attempt("snapshot", "--snapshotter", Containerd.SNAPSHOTTER, "ls")
                        .code()
                != 0) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        assertThat(run("two", "cat /top; head -c 5 /noise | wc -c").get()).isEqualTo("top5\n");
    }

    private long holders() {
        return holding().size();
    }

    private List<DescriptorHolder> holding() {
        try {
            return Files.readAllLines(serving.root().resolve("erofs/served")).stream()
                    .filter(line -> line.startsWith("holder "))
                    .map(line -> line.split(" "))
                    .map(words -> new DescriptorHolder(Long.parseLong(words[1]), Long.parseLong(words[2])))
                    .filter(DescriptorHolder::alive)
                    .toList();
        } catch (IOException e) {
            return List.of(); // nobody serves
        }
    }
}
