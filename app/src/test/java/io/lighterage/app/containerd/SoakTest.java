package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.mirror.Fault;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.proxyplugin.Containerd;
import io.lighterage.proxyplugin.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Images are pulled, started and removed again and again while the registry fails in every way it can: nothing stays
/// of it in the daemon or on its disk.
class SoakTest {
    private static final int ROUNDS = Boolean.getBoolean("lighterage.full") ? 1000 : 300;
    private static final long SEED = 20_261_126;

    /// Idle connections to the registry and the threads that watch them may come and go.
    private static final int SLACK = 8;

    @TempDir
    Path folder;

    private MirrorServer registry;
    private ServingProcess serving;
    private Containerd containerd;
    private int started;

    @BeforeEach
    void start() throws Exception {
        Programs.require("containerd", "ctr", "ctr-remote", "runc", "busybox");
        Path plain = BusyImage.plain(folder.resolve("plain"), BusyImage.layers(3_000_000));
        Path lazy = BusyImage.lazy(folder.resolve("lazy"), plain, folder.resolve("work"));
        registry = MirrorServer.start(
                MirrorOptions.defaults(), new LayoutUpstream(Map.of("app", lazy, "same", lazy, "plain", plain)));
        serving = ServingProcess.start(folder, "--read-timeout", "2", "--prepare-seconds", "5");
        containerd = Containerd.start(folder.resolve("containerd"), serving.socket());
    }

    @AfterEach
    void stop() {
        registry.faults().releaseStalled();
        if (containerd != null) {
            containerd.close();
            serving.close();
        }
        registry.close();
    }

    /// What the daemon holds when no image is there.
    private record Held(long descriptors, long threads, long mounts, long files) {}

    private Held held() throws IOException {
        Path process = Path.of("/proc/" + serving.pid());
        try (Stream<Path> open = Files.list(process.resolve("fd"));
                Stream<Path> running = Files.list(process.resolve("task"));
                Stream<String> mounted = Files.lines(Path.of("/proc/self/mountinfo"))) {
            String below = folder.toString();
            return new Held(
                    open.count(),
                    running.count(),
                    mounted.filter(line -> line.contains(below)).count(),
                    files("blobs") + files("layers") + files("snapshots") + files("ingest"));
        }
    }

    /// Everything but locks below a directory of the root.
    private long files(String directory) throws IOException {
        Path path = serving.root().resolve(directory);
        if (!Files.exists(path)) {
            return 0;
        }
        try (Stream<Path> all = Files.walk(path)) {
            return all.filter(file -> !Files.isDirectory(file) && !file.endsWith("lock"))
                    .count();
        }
    }

    private Held settled() throws Exception {
        Held held = held();
        for (int attempt = 0; attempt < 600 && held.mounts() + held.files() > 0; attempt++) {
            TimeUnit.MILLISECONDS.sleep(50);
            held = held();
        }
        return held;
    }

    private Fault fault(Random random) {
        return switch (random.nextInt(9)) {
            case 0 -> new Fault.Drop();
            case 1 -> new Fault.Cut(random.nextInt(200_000));
            case 2 -> new Fault.Flip(random.nextInt(200_000));
            case 3 -> new Fault.Stall(random.nextInt(200_000));
            case 4 -> new Fault.Status(503, Map.of("Retry-After", "1"), "busy");
            case 5 -> new Fault.Status(404, Map.of(), "gone");
            case 6 -> new Fault.IgnoreRange();
            case 7 -> new Fault.Delay(Duration.ofMillis(random.nextInt(500)));
            default -> new Fault.ContentLength(random.nextInt(1000));
        };
    }

    private String image(String repository) {
        return registry.hostPort() + "/" + repository + ":latest";
    }

    /// May fail, but not with other bytes than the image has.
    private void round(String repository, String name) throws Exception {
        String image = image(repository);
        List<String> pull = List.of(
                "ctr-remote",
                "-a",
                containerd.socket().toString(),
                "image",
                "rpull",
                "--plain-http",
                "--snapshotter",
                Containerd.SNAPSHOTTER,
                image);
        if (Programs.attempt(folder, Map.of(), pull).code() == 0) {
            String[] run = {
                "run",
                "--rm",
                "--snapshotter",
                Containerd.SNAPSHOTTER,
                image,
                name,
                "/bin/sh",
                "-c",
                "cat /top; wc -c </noise"
            };
            Programs.Result result = containerd.attempt(run);
            if (result.code() == 0) {
                assertThat(result.output()).startsWith("top3000000");
                started++;
            }
            containerd.attempt("task", "kill", "-s", "KILL", name);
            containerd.attempt("container", "rm", name);
        }
        containerd.attempt("image", "rm", "--sync", image);
        containerd.attempt("content", "prune", "references");
    }

    @Test
    void nothingStaysOfManyStartsAndRemovalsWithARegistryThatFails() throws Exception {
        List<String> repositories = List.of("app", "same", "plain");
        for (String repository : repositories) {
            round(repository, "warm-" + repository);
        }
        assertThat(started).as(serving.log()).isEqualTo(repositories.size());
        started = 0;
        Held before = settled();
        Random random = new Random(SEED);
        for (int i = 0; i < ROUNDS; i++) {
            int faults = random.nextInt(3);
            for (int f = 0; f < faults; f++) {
                if (random.nextInt(4) == 0) {
                    registry.faults().nextManifests(1, fault(random));
                } else {
                    registry.faults().nextBlobs(1 + random.nextInt(2), fault(random));
                }
            }
            round(repositories.get(random.nextInt(repositories.size())), "c" + i);
            registry.faults().clear();
            registry.faults().releaseStalled();
        }
        assertThat(settled().files()).as("of openings that failed, too").isZero();
        int soFar = started;
        for (String repository : repositories) {
            round(repository, "last-" + repository);
        }
        assertThat(started - soFar).as("starts once the registry works again").isEqualTo(repositories.size());
        assertThat(soFar).as("starts of %s rounds, seed %s", ROUNDS, SEED).isGreaterThan(ROUNDS / 4);
        Held after = settled();
        System.out.println("soak: " + ROUNDS + " rounds, " + soFar + " starts; before " + before + ", after " + after);
        assertThat(after.mounts()).isZero();
        assertThat(after.files()).isZero();
        assertThat(after.descriptors()).isLessThanOrEqualTo(before.descriptors() + SLACK);
        assertThat(after.threads()).isLessThanOrEqualTo(before.threads() + SLACK);
    }
}
