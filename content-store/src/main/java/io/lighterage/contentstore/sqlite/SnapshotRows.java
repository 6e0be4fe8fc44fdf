package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.LabelUpdate;
import io.lighterage.contentstore.SnapshotCatalog;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotKind;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.contentstore.SnapshotUsage;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The snapshots of one store. Every method is one transaction; what reads are made of is in [SnapshotReader].
final class SnapshotRows implements SnapshotCatalog {
    private final Database database;
    private final Clock clock;

    SnapshotRows(Database database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    @Override
    public long reserve(int count) {
        return database.write("reserve snapshot ids", connection -> {
            Sql.update(connection, "UPDATE snapshot_ids SET next = next + ?", (long) count);
            return Sql.query(connection, row -> row.getLong(1), "SELECT next FROM snapshot_ids")
                            .getFirst()
                    - count;
        });
    }

    @Override
    public SnapshotRecord create(
            long id, SnapshotKind kind, SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels) {
        Map<String, String> stored = checked(labels);
        return database.write("create snapshot " + key, connection -> {
            long parentId = parent.isEmpty() ? 0 : parentOf(connection, key, parent.get(), ErrorKind.INVALID);
            refuseTaken(connection, key);
            long now = SnapshotReader.nanos(clock.instant());
            long usage = kind == SnapshotKind.COMMITTED ? 0 : SnapshotReader.UNMEASURED;
            Sql.update(
                    connection,
                    "INSERT INTO snapshots (id, key, kind, parent, created, updated, bytes, inodes)"
                            + " VALUES (?, ?, ?, NULLIF(?, 0), ?, ?, ?, ?)",
                    id,
                    key.toBytes(),
                    kind.name(),
                    parentId,
                    now,
                    now,
                    usage,
                    usage);
            putLabels(connection, id, stored);
            return SnapshotReader.get(connection, key);
        });
    }

    @Override
    public SnapshotRecord commit(
            SnapshotKey name, SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels) {
        Map<String, String> stored = checked(labels);
        return database.write("commit snapshot " + key, connection -> {
            refuseTaken(connection, name);
            SnapshotRecord active = SnapshotReader.get(connection, key);
            if (active.kind() != SnapshotKind.ACTIVE) {
                throw new ImageException(
                        ErrorKind.PRECONDITION,
                        "cannot commit snapshot " + key + ": it is " + active.kind() + "; expected ACTIVE");
            }
            long base = parent.isEmpty() ? 0 : newParent(connection, active, parent.get());
            long now = SnapshotReader.nanos(clock.instant());
            Sql.update(
                    connection,
                    "UPDATE snapshots SET key = ?, kind = ?, parent = COALESCE(NULLIF(?, 0), parent), created = ?,"
                            + " updated = ? WHERE id = ?",
                    name.toBytes(),
                    SnapshotKind.COMMITTED.name(),
                    base,
                    now,
                    now,
                    active.id());
            replaceLabels(connection, active.id(), stored);
            return SnapshotReader.get(connection, name);
        });
    }

    /// @return the id of the parent it gets, 0 when it keeps the one it has
    private static long newParent(Connection connection, SnapshotRecord active, SnapshotKey wanted)
            throws SQLException {
        if (active.parent().isPresent()) {
            if (active.parent().get().equals(wanted)) {
                return 0;
            }
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot commit snapshot " + active.key() + " onto " + wanted + ": it lies on "
                            + active.parent().get());
        }
        return parentOf(connection, active.key(), wanted, ErrorKind.PRECONDITION);
    }

    private static long parentOf(Connection connection, SnapshotKey key, SnapshotKey parent, ErrorKind otherwise)
            throws SQLException {
        SnapshotReader.Place found = SnapshotReader.place(connection, parent)
                .orElseThrow(() -> new ImageException(
                        ErrorKind.NOT_FOUND,
                        "cannot put snapshot " + key + " on " + parent
                                + ": there is no snapshot of that name; prepare and commit it first"));
        if (found.kind() != SnapshotKind.COMMITTED) {
            throw new ImageException(
                    otherwise,
                    "cannot put snapshot " + key + " on " + parent + ": that is " + found.kind()
                            + "; expected COMMITTED");
        }
        return found.id();
    }

    private static void refuseTaken(Connection connection, SnapshotKey key) throws SQLException {
        if (Sql.exists(connection, "SELECT 1 FROM snapshots WHERE key = ?", (Object) key.toBytes())) {
            throw new ImageException(ErrorKind.ALREADY_EXISTS, "there is a snapshot " + key + " already");
        }
    }

    @Override
    public SnapshotRecord remove(SnapshotKey key) {
        return database.write("remove snapshot " + key, connection -> {
            SnapshotRecord record = SnapshotReader.get(connection, key);
            List<SnapshotKey> children = Sql.query(
                    connection,
                    row -> SnapshotKey.of(row.getBytes(1)),
                    "SELECT key FROM snapshots WHERE parent = ? LIMIT 1",
                    record.id());
            if (!children.isEmpty()) {
                throw new ImageException(
                        ErrorKind.PRECONDITION,
                        "cannot remove snapshot " + key + ": " + children.getFirst()
                                + " lies on it; remove that first");
            }
            Sql.update(connection, "DELETE FROM snapshots WHERE id = ?", record.id());
            return record;
        });
    }

    @Override
    public SnapshotRecord update(SnapshotKey key, LabelUpdate change) {
        return database.write("update snapshot " + key, connection -> {
            SnapshotRecord record = SnapshotReader.get(connection, key);
            replaceLabels(connection, record.id(), checked(change.apply(record.labels())));
            Sql.update(
                    connection,
                    "UPDATE snapshots SET updated = ? WHERE id = ?",
                    SnapshotReader.nanos(clock.instant()),
                    record.id());
            return SnapshotReader.get(connection, key);
        });
    }

    @Override
    public void measured(long id, SnapshotUsage usage) {
        int changed = database.write(
                "note the usage of snapshot " + id,
                connection -> Sql.update(
                        connection,
                        "UPDATE snapshots SET bytes = ?, inodes = ? WHERE id = ? AND kind = ?",
                        usage.bytes(),
                        usage.inodes(),
                        id,
                        SnapshotKind.COMMITTED.name()));
        assert changed <= 1 : changed;
    }

    @Override
    public Optional<SnapshotRecord> find(SnapshotKey key) {
        return database.read("look up snapshot " + key, connection -> SnapshotReader.find(connection, key));
    }

    @Override
    public SnapshotRecord get(SnapshotKey key) {
        return database.read("look up snapshot " + key, connection -> SnapshotReader.get(connection, key));
    }

    @Override
    public List<SnapshotRecord> chain(SnapshotKey key) {
        return database.read(
                "look up what snapshot " + key + " lies on", connection -> SnapshotReader.chain(connection, key));
    }

    @Override
    public List<SnapshotRecord> list() {
        return database.read("list snapshots", SnapshotReader::all);
    }

    private static Map<String, String> checked(Map<String, String> labels) {
        Map<String, String> stored = new HashMap<>();
        labels.forEach((key, value) -> {
            int bytes = key.getBytes(StandardCharsets.UTF_8).length + value.getBytes(StandardCharsets.UTF_8).length;
            if (bytes > MAX_LABEL_BYTES) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        "label '" + key.substring(0, Math.min(key.length(), 64)) + "' has " + bytes
                                + " bytes with its value; expected at most " + MAX_LABEL_BYTES);
            }
            if (!value.isEmpty()) {
                stored.put(key, value);
            }
        });
        return stored;
    }

    private static void replaceLabels(Connection connection, long id, Map<String, String> labels) throws SQLException {
        Sql.update(connection, "DELETE FROM snapshot_labels WHERE id = ?", id);
        putLabels(connection, id, labels);
    }

    private static void putLabels(Connection connection, long id, Map<String, String> labels) throws SQLException {
        for (Map.Entry<String, String> label : labels.entrySet()) {
            Sql.update(
                    connection,
                    "INSERT INTO snapshot_labels (id, key, value) VALUES (?, ?, ?)",
                    id,
                    label.getKey(),
                    label.getValue());
        }
    }
}
