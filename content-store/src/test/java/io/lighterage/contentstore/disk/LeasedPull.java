package io.lighterage.contentstore.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.Lease;
import io.lighterage.contentstore.Namespace;
import io.lighterage.contentstore.disk.Universe.Thing;
import java.util.ArrayList;
import java.util.List;

/// A pull as the collector sees it: leases each thing, then ingests it, top down.
final class LeasedPull {
    private LeasedPull() {}

    /// Stores a thing and all it points at, then reads everything once more while the lease lives.
    static void pull(Universe universe, Thing top, Namespace namespace, Lease lease, String where) {
        List<Thing> all = new ArrayList<>();
        gather(universe, top, all);
        for (Thing thing : all) {
            Descriptor blob = thing.descriptor();
            lease.add(blob.digest());
            Bytes.put(namespace.content(), blob, thing.content());
        }
        for (Thing thing : all) {
            byte[] read = Bytes.read(namespace.content(), thing.descriptor().digest());
            assertThat(read).as(where).isEqualTo(thing.content());
        }
    }

    private static void gather(Universe universe, Thing thing, List<Thing> all) {
        if (!all.contains(thing)) {
            all.add(thing);
            for (Digest child : thing.children()) {
                gather(universe, universe.get(child), all);
            }
        }
    }
}
