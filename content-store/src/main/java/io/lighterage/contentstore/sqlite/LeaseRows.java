package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Lease;
import io.lighterage.contentstore.Leases;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/// The leases of one namespace. An expired lease is as good as deleted; the collector removes its rows.
final class LeaseRows implements Leases {
    /// As good as for ever, and far from overflowing.
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private final Database database;
    private final String namespace;
    private final Clock clock;

    LeaseRows(Database database, String namespace, Clock clock) {
        this.database = database;
        this.namespace = namespace;
        this.clock = clock;
    }

    @Override
    public Lease create(Duration ttl, Map<String, String> labels) {
        if (!ttl.isPositive()) {
            throw new ImageException(
                    ErrorKind.INVALID, "a lease cannot live for " + ttl + "; expected more than nothing");
        }
        long lives = TimeUnit.MICROSECONDS.convert(ttl.compareTo(LONGEST) > 0 ? LONGEST : ttl);
        String id = UUID.randomUUID().toString();
        database.write("create a lease", connection -> {
            long now = Sql.micros(clock.instant());
            Sql.update(
                    connection,
                    "INSERT INTO leases (namespace, id, created, expires) VALUES (?, ?, ?, ?)",
                    namespace,
                    id,
                    now,
                    now + lives);
            for (Map.Entry<String, String> label : labels.entrySet()) {
                Sql.update(
                        connection,
                        "INSERT INTO lease_labels VALUES (?, ?, ?, ?)",
                        namespace,
                        id,
                        label.getKey(),
                        label.getValue());
            }
            return id;
        });
        return new StoredLease(id);
    }

    @Override
    public List<String> list() {
        return database.read(
                "list leases",
                connection -> Sql.query(
                        connection,
                        row -> row.getString(1),
                        "SELECT id FROM leases WHERE namespace = ? AND expires > ? ORDER BY id",
                        namespace,
                        Sql.micros(clock.instant())));
    }

    @Override
    public boolean delete(String id) {
        return database.write(
                "delete lease " + id,
                connection ->
                        Sql.update(connection, "DELETE FROM leases WHERE namespace = ? AND id = ?", namespace, id) > 0);
    }

    private void add(String id, Digest digest) {
        database.write("add " + digest + " to lease " + id, connection -> {
            boolean live = Sql.exists(
                    connection,
                    "SELECT 1 FROM leases WHERE namespace = ? AND id = ? AND expires > ?",
                    namespace,
                    id,
                    Sql.micros(clock.instant()));
            if (!live) {
                throw new ImageException(
                        ErrorKind.PRECONDITION,
                        "cannot keep " + digest + ": lease " + id + " of namespace " + namespace
                                + " has ended; create another one and begin again");
            }
            return Sql.update(
                    connection, "INSERT OR IGNORE INTO lease_refs VALUES (?, ?, ?)", namespace, id, digest.toString());
        });
    }

    private final class StoredLease implements Lease {
        private final String id;

        private StoredLease(String id) {
            this.id = id;
        }

        @Override
        public String id() {
            return id;
        }

        @Override
        public void add(Digest digest) {
            LeaseRows.this.add(id, digest);
        }

        @Override
        public void close() {
            delete(id);
        }
    }
}
