package io.lighterage.contentstore.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.Ingest;
import io.lighterage.contentstore.Lease;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Namespace;
import io.lighterage.contentstore.Store.GcReport;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a collection does to ingests, and to content that comes and goes meanwhile.
final class CollectionTest {
    @TempDir
    Path root;

    @Test
    void onlyIngestsNobodyHasOpenAndNobodyTouchedAreAbandoned() {
        byte[] one = Bytes.random(1, 1_000_000);
        byte[] two = Bytes.random(2, 1_000_000);
        Clock tomorrow = Clock.offset(Clock.systemUTC(), Duration.ofDays(1));
        try (LocalStore store = Bytes.open(root);
                LocalStore late = LocalStore.open(root, Bytes.LINES, tomorrow);
                Ingest open = Bytes.writing(store.namespace("default").content(), Bytes.layer(two))) {
            open.write(0, ByteBuffer.wrap(two, 0, 10));
            Ingest closed = Bytes.writing(store.namespace("default").content(), Bytes.layer(one));
            closed.write(0, ByteBuffer.wrap(one, 0, 300_000));
            closed.close();
            assertThat(store.gc(Duration.ofHours(1)).removedIngests()).isZero();
            assertThat(late.gc(Duration.ofDays(2)).removedIngests()).isZero();
            GcReport report = late.gc(Duration.ofHours(1));
            assertThat(report).isEqualTo(new GcReport(0, 0, 0, 300_000, 1, List.of()));
            assertThat(new Layout(root).ingestsOnDisk())
                    .containsExactly(Bytes.layer(two).digest());
            open.write(10, ByteBuffer.wrap(two, 10, two.length - 10));
            open.commit();
        }
    }

    @Test
    void anIndexKeepsItsManifestsAndTheyKeepTheirLayers() {
        byte[] layer = Bytes.random(3, 1000);
        byte[] manifest = Bytes.document(Bytes.layer(layer));
        byte[] index = Bytes.document(Bytes.manifest(manifest));
        Descriptor top = new Descriptor(MediaType.OCI_INDEX, Digest.sha256(index), index.length);
        try (LocalStore store = Bytes.open(root)) {
            Namespace namespace = store.namespace("default");
            Bytes.put(namespace.content(), Bytes.layer(layer), layer);
            Bytes.put(namespace.content(), Bytes.manifest(manifest), manifest);
            Bytes.put(namespace.content(), top, index);
            namespace.images().put("a:1", top, Map.of());
            assertThat(store.gc(Duration.ofHours(1)).keptBlobs()).isEqualTo(3);
            namespace.images().delete("a:1");
            GcReport report = store.gc(Duration.ofHours(1));
            assertThat(report.removedBlobs()).isEqualTo(3);
            assertThat(report.removedBytes()).isEqualTo(layer.length + manifest.length + index.length);
            assertThat(new Layout(root).blobsOnDisk()).isEmpty();
        }
    }

    @Test
    void leasedPullsAndCollectionsDoNotDisturbEachOther() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        Universe universe = new Universe(new Random(seed), 10, 10);
        int rounds = Boolean.getBoolean("lighterage.full") ? 1000 : 60;
        AtomicBoolean done = new AtomicBoolean();
        try (LocalStore store = Bytes.open(root);
                LocalStore other = Bytes.open(root);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Integer> collector = threads.submit(() -> {
                int collections = 0;
                while (!done.get()) {
                    other.gc(Duration.ofHours(1));
                    collections++;
                }
                return collections;
            });
            List<Future<?>> pulls = new ArrayList<>();
            for (int puller = 0; puller < 4; puller++) {
                Random random = new Random(seed + puller);
                Namespace namespace = store.namespace("space" + puller % 2);
                pulls.add(threads.submit(() -> {
                    for (int round = 0; round < rounds; round++) {
                        try (Lease lease = namespace.leases().create(Duration.ofHours(1), Map.of())) {
                            LeasedPull.pull(universe, universe.pick(random), namespace, lease, "seed " + seed);
                        }
                    }
                }));
            }
            for (Future<?> pull : pulls) {
                pull.get();
            }
            done.set(true);
            assertThat(collector.get()).isPositive();
            assertThat(store.fsck((blobs, all, bytes, total) -> {}).clean())
                    .as("seed %s", seed)
                    .isTrue();
            store.gc(Duration.ofHours(1));
            assertThat(new Layout(root).blobsOnDisk()).isEmpty();
        }
    }
}
