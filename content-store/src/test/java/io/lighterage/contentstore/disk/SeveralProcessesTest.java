package io.lighterage.contentstore.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.Ingest;
import io.lighterage.contentstore.Lease;
import io.lighterage.contentstore.Namespace;
import io.lighterage.contentstore.Store.FsckReport;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SeveralProcessesTest {
    private static final int KILLS = Boolean.getBoolean("lighterage.full") ? 50 : 8;

    @TempDir
    Path root;

    @Test
    void oneOfTwoProcessesWritesAndBothSeeTheBlob() throws Exception {
        String size = "20000000";
        try (ChildJvm first = ChildJvm.start(List.of(), "one", root.toString(), "1", size);
                ChildJvm second = ChildJvm.start(List.of(), "one", root.toString(), "1", size)) {
            assertThat(first.says()).isEqualTo("ready");
            assertThat(second.says()).isEqualTo("ready");
            first.go();
            second.go();
            assertThat(List.of(first.says(), second.says())).containsExactlyInAnyOrder("writing", "present");
            assertThat(first.exitCode()).isZero();
            assertThat(second.exitCode()).isZero();
        }
    }

    @Test
    void aProcessWaitsForTheWriterOfAnother() throws Exception {
        byte[] bytes = Bytes.random(2, 1_000_000);
        Descriptor blob = Bytes.layer(bytes);
        try (LocalStore store = Bytes.open(root);
                ChildJvm child = ChildJvm.start(List.of(), "one", root.toString(), "2", "1000000")) {
            assertThat(child.says()).isEqualTo("ready");
            try (Ingest ingest = Bytes.writing(store.namespace("default").content(), blob)) {
                child.go();
                ingest.write(0, ByteBuffer.wrap(bytes));
                ingest.commit();
            }
            assertThat(child.says()).isEqualTo("present");
            assertThat(child.exitCode()).isZero();
        }
    }

    @Test
    void aKilledIngestIsResumedAndNothingIsStoredUnderAWrongDigest() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        Random random = new Random(seed);
        int resumed = 0;
        for (int round = 0; round < KILLS; round++) {
            String where = "seed " + seed + " round " + round;
            Path place = Files.createDirectory(root.resolve("round-" + round));
            long blobs = random.nextLong(1 << 30);
            try (ChildJvm child = ChildJvm.start(List.of(), "many", place.toString(), Long.toString(blobs))) {
                assertThat(child.says()).as(where).isEqualTo("ready");
                // Chooses the moment of the kill; nothing is asserted about time.
                LockSupport.parkNanos(random.nextLong(400_000_000));
                child.kill();
            }
            try (LocalStore store = Bytes.open(place)) {
                assertThat(check(store).clean()).as(where).isTrue();
                if (!new Layout(place).ingestsOnDisk().isEmpty()) {
                    resumed++;
                }
                ByteArrayOutputStream said = new ByteArrayOutputStream();
                IngestingProcess.many(store, blobs, new PrintStream(said, true, StandardCharsets.UTF_8));
                assertThat(said.toString(StandardCharsets.UTF_8)).as(where).contains("done");
                ContentStore content = store.namespace("default").content();
                for (int i = 0; i < IngestingProcess.BLOBS; i++) {
                    byte[] bytes = IngestingProcess.blob(blobs, i);
                    assertThat(Digest.sha256(Bytes.read(content, Digest.sha256(bytes))))
                            .as(where)
                            .isEqualTo(Digest.sha256(bytes));
                }
                FsckReport report = check(store);
                assertThat(report.clean()).as(where).isTrue();
                assertThat(report.adopted()).as(where).isEmpty();
                assertThat(new Layout(place).ingestsOnDisk()).as(where).isEmpty();
            }
            deleteTree(place);
        }
        assertThat(resumed).as("rounds that resumed, seed %s", seed).isPositive();
    }

    @Test
    void theCollectorOfAnotherProcessTakesNothingThatIsLeased() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        Random random = new Random(seed);
        Universe universe = new Universe(random, 12, 12);
        try (LocalStore store = Bytes.open(root);
                ChildJvm child = ChildJvm.start(List.of(), "collect", root.toString())) {
            assertThat(child.says()).isEqualTo("ready");
            Namespace namespace = store.namespace("default");
            int rounds = Boolean.getBoolean("lighterage.full") ? 2000 : 200;
            for (int round = 0; round < rounds; round++) {
                try (Lease lease = namespace.leases().create(Duration.ofHours(1), Map.of())) {
                    LeasedPull.pull(universe, universe.pick(random), namespace, lease, "seed " + seed);
                }
            }
            child.kill();
            assertThat(check(store).clean()).as("seed %s", seed).isTrue();
        }
    }

    @Test
    void theDatabaseDriverLoadsWhereTemporaryFilesMayNotBeRun() throws Exception {
        Path temporary = Files.createDirectory(root.resolve("no-exec"));
        Path place = Files.createDirectory(root.resolve("store"));
        try (Tmpfs noexec = Tmpfs.mount(temporary, "size=8m,noexec");
                ChildJvm child = ChildJvm.start(
                        List.of("-Djava.io.tmpdir=" + temporary), "one", place.toString(), "1", "1000")) {
            assertThat(child.says()).isEqualTo("ready");
            child.go();
            assertThat(child.says()).isEqualTo("writing");
            assertThat(child.exitCode()).isZero();
            noexec.remount("rw");
        }
    }

    private static FsckReport check(LocalStore store) {
        return store.fsck((blobs, total, bytes, totalBytes) -> {});
    }

    private static void deleteTree(Path tree) throws Exception {
        try (var paths = Files.walk(tree)) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
