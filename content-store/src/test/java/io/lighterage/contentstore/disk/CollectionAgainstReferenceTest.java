package io.lighterage.contentstore.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.BlobInfo;
import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.ContentStore.IngestResult;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.Ingest;
import io.lighterage.contentstore.Lease;
import io.lighterage.contentstore.Namespace;
import io.lighterage.contentstore.Store.GcReport;
import io.lighterage.contentstore.disk.ReferenceGraph.LeaseModel;
import io.lighterage.contentstore.disk.ReferenceGraph.Space;
import io.lighterage.contentstore.disk.Universe.Thing;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Plays random operations on the store, through two instances, and on [ReferenceGraph]; both must agree after
/// each collection.
final class CollectionAgainstReferenceTest {
    private static final int OPERATIONS = Boolean.getBoolean("lighterage.full") ? 100_000 : 10_000;
    private static final List<String> NAMESPACES = List.of("default", "k8s.io", "moby");
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir(factory = InMemoryDirectory.class)
    Path root;

    private final long seed =
            Long.getLong("lighterage.seed", ThreadLocalRandom.current().nextLong());
    private final Random random = new Random(seed);
    private final Universe universe = new Universe(random, 30, 30);
    private final ReferenceGraph model = new ReferenceGraph(universe, NAMESPACES);
    private final Map<Digest, Running> running = new TreeMap<>();
    private final Map<String, Lease> leases = new HashMap<>();
    private final List<LocalStore> stores = new ArrayList<>();
    private long now;
    private int step;
    private int collections;

    /// An open ingest and the namespace it is for.
    private record Running(String namespace, Ingest ingest) {}

    @Test
    void aCollectionKeepsExactlyWhatIsReachable() {
        Clock clock = new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return START.plusSeconds(now);
            }
        };
        try (LocalStore one = LocalStore.open(root, Bytes.LINES, clock);
                LocalStore two = LocalStore.open(root, Bytes.LINES, clock)) {
            stores.addAll(List.of(one, two));
            for (String name : NAMESPACES) {
                one.namespace(name);
            }
            for (step = 0; step < OPERATIONS; step++) {
                operate();
            }
            List.copyOf(running.keySet()).forEach(this::endIngest);
            collect();
            assertThat(collections).as(where()).isGreaterThan(OPERATIONS / 100);
            assertThat(one.fsck((blobs, total, bytes, totalBytes) -> {}).clean())
                    .as(where())
                    .isTrue();
        }
    }

    private void operate() {
        String name = NAMESPACES.get(random.nextInt(NAMESPACES.size()));
        Namespace namespace = stores.get(random.nextInt(2)).namespace(name);
        Space space = model.space(name);
        Thing thing = universe.pick(random);
        int dice = random.nextInt(100);
        if (dice < 30) {
            ingest(namespace, thing);
        } else if (dice < 34) {
            beginIngest(namespace, thing);
        } else if (dice < 37) {
            running.keySet().stream()
                    .skip(random.nextInt(running.size() + 1))
                    .findFirst()
                    .ifPresent(this::endIngest);
        } else if (dice < 46) {
            String image = "image:" + random.nextInt(8);
            namespace.images().put(image, thing.descriptor(), Map.of());
            space.images.put(image, thing.descriptor().digest());
        } else if (dice < 54) {
            String image = "image:" + random.nextInt(8);
            boolean there = namespace.images().delete(image);
            assertThat(there).as(where()).isEqualTo(space.images.remove(image) != null);
        } else if (dice < 71) {
            lease(namespace, space, thing);
        } else if (dice < 74) {
            now += random.nextInt(100);
        } else if (dice < 86) {
            label(namespace, space, thing);
        } else if (dice < 94) {
            Digest digest = thing.descriptor().digest();
            if (space.rows.contains(digest)) {
                namespace.content().delete(digest);
                space.forget(digest);
            }
        } else {
            collect();
        }
    }

    private void ingest(Namespace namespace, Thing thing) {
        Digest digest = thing.descriptor().digest();
        if (!running.containsKey(digest)) {
            Bytes.put(namespace.content(), thing.descriptor(), thing.content());
            model.ingested(namespace.name(), digest);
        }
    }

    private void beginIngest(Namespace namespace, Thing thing) {
        Digest digest = thing.descriptor().digest();
        if (running.containsKey(digest)) {
            return;
        }
        switch (namespace.content().ingest(thing.descriptor())) {
            case IngestResult.Present present -> model.ingested(namespace.name(), digest);
            case IngestResult.Writing(Ingest ingest) -> {
                running.put(digest, new Running(namespace.name(), ingest));
                model.running.add(digest);
            }
        }
    }

    private void endIngest(Digest digest) {
        Running ending = running.remove(digest);
        model.running.remove(digest);
        if (ending == null) {
            return;
        }
        try (Ingest ingest = ending.ingest()) {
            if (random.nextBoolean()) {
                ingest.write(0, ByteBuffer.wrap(universe.get(digest).content()));
                ingest.commit();
                model.ingested(ending.namespace(), digest);
            }
        }
    }

    private void lease(Namespace namespace, Space space, Thing thing) {
        List<String> live = new ArrayList<>();
        space.leases.forEach((id, lease) -> {
            if (lease.expires() > now) {
                live.add(id);
            }
        });
        assertThat(namespace.leases().list()).as(where()).isEqualTo(live);
        int dice = random.nextInt(17);
        if (live.isEmpty() || dice < 4) {
            int ttl = 1 + random.nextInt(300);
            Lease lease = namespace.leases().create(Duration.ofSeconds(ttl), Map.of());
            leases.put(lease.id(), lease);
            space.leases.put(lease.id(), new LeaseModel(now + ttl, new HashSet<>()));
            return;
        }
        String id = live.get(random.nextInt(live.size()));
        Lease lease = leases.get(id);
        LeaseModel modelled = space.leases.get(id);
        if (lease == null || modelled == null) {
            throw new AssertionError(where());
        }
        if (dice < 13) {
            lease.add(thing.descriptor().digest());
            modelled.refs().add(thing.descriptor().digest());
        } else {
            lease.close();
            space.leases.remove(id);
        }
    }

    private void label(Namespace namespace, Space space, Thing thing) {
        Digest digest = thing.descriptor().digest();
        if (!space.rows.contains(digest)) {
            return;
        }
        ContentStore content = namespace.content();
        if (random.nextInt(3) == 0) {
            boolean set = random.nextInt(3) == 0;
            content.label(digest, Map.of("containerd.io/gc.root", set ? "2026-01-01" : ""));
            boolean _ = set ? space.rootLabels.add(digest) : space.rootLabels.remove(digest);
            return;
        }
        String key = "containerd.io/gc.ref.content." + random.nextInt(3);
        Map<String, Digest> edges = space.edges.computeIfAbsent(digest, d -> new HashMap<>());
        if (random.nextBoolean()) {
            Digest target = universe.pick(random).descriptor().digest();
            content.label(digest, Map.of(key, target.toString()));
            edges.put(key, target);
        } else {
            content.label(digest, Map.of(key, ""));
            edges.remove(key);
        }
    }

    private void collect() {
        collections++;
        GcReport report = stores.get(random.nextInt(2)).gc(Duration.ofDays(36_500));
        model.collect(now);
        for (String name : NAMESPACES) {
            List<Digest> rows = stores.getFirst().namespace(name).content().list().stream()
                    .map(BlobInfo::digest)
                    .toList();
            assertThat(rows).as("%s namespace %s", where(), name).containsExactlyElementsOf(model.space(name).rows);
        }
        assertThat(new Layout(root).blobsOnDisk()).as(where()).containsExactlyInAnyOrderElementsOf(model.files);
        assertThat(report)
                .as(where())
                .isEqualTo(new GcReport(
                        model.allRows().size(),
                        bytes(model.allRows()),
                        model.removedFiles.size(),
                        bytes(model.removedFiles),
                        0,
                        List.copyOf(model.unreadable)));
    }

    private long bytes(java.util.Collection<Digest> digests) {
        return digests.stream()
                .map(universe::get)
                .map(Thing::descriptor)
                .mapToLong(Descriptor::size)
                .sum();
    }

    private String where() {
        return "-Dlighterage.seed=" + seed + " step " + step;
    }
}
