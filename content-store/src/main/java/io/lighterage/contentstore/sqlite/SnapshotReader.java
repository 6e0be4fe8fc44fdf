package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotKind;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.contentstore.SnapshotUsage;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Reads snapshots within a transaction.
final class SnapshotReader {
    static final long UNMEASURED = -1;

    private static final String ALL = "SELECT id FROM snapshots";
    private static final String ONE = "SELECT id FROM snapshots WHERE key = ?";
    private static final String CHAIN = """
            WITH RECURSIVE chain (id, parent) AS (
                SELECT id, parent FROM snapshots WHERE key = ?
                UNION ALL
                SELECT lower.id, lower.parent FROM snapshots lower JOIN chain ON lower.id = chain.parent)
            SELECT id FROM chain""";

    private SnapshotReader() {}

    static Optional<SnapshotRecord> find(Connection connection, SnapshotKey key) throws SQLException {
        return records(connection, ONE, key.toBytes()).stream().findFirst();
    }

    /// What a snapshot is to one that is put on it.
    record Place(long id, SnapshotKind kind) {}

    static Optional<Place> place(Connection connection, SnapshotKey key) throws SQLException {
        return Sql.query(
                        connection,
                        row -> new Place(row.getLong(1), SnapshotKind.valueOf(row.getString(2))),
                        "SELECT id, kind FROM snapshots WHERE key = ?",
                        (Object) key.toBytes())
                .stream()
                .findFirst();
    }

    static SnapshotRecord get(Connection connection, SnapshotKey key) throws SQLException {
        return find(connection, key)
                .orElseThrow(() -> new ImageException(ErrorKind.NOT_FOUND, "there is no snapshot " + key));
    }

    static List<SnapshotRecord> all(Connection connection) throws SQLException {
        return records(connection, ALL);
    }

    static List<SnapshotRecord> chain(Connection connection, SnapshotKey key) throws SQLException {
        Map<SnapshotKey, SnapshotRecord> found = new HashMap<>();
        for (SnapshotRecord record : records(connection, CHAIN, key.toBytes())) {
            found.put(record.key(), record);
        }
        List<SnapshotRecord> chain = new ArrayList<>(found.size());
        Optional<SnapshotKey> next = Optional.of(get(connection, key).key());
        while (next.isPresent()) {
            SnapshotRecord record = found.get(next.get());
            if (record == null) {
                throw new SQLException("snapshot " + next.get() + " lies below another one and is missing");
            }
            chain.add(record);
            next = record.parent();
        }
        return chain;
    }

    /// @param ids selects the ids wanted
    private static List<SnapshotRecord> records(Connection connection, String ids, Object... parameters)
            throws SQLException {
        Map<Long, Map<String, String>> labels = new HashMap<>();
        List<Boolean> ignored = Sql.query(
                connection,
                row -> labels.computeIfAbsent(row.getLong(1), id -> new HashMap<>())
                                .put(row.getString(2), row.getString(3))
                        == null,
                "SELECT id, key, value FROM snapshot_labels WHERE id IN (" + ids + ")",
                parameters);
        assert !ignored.contains(false);
        return Sql.query(
                connection,
                row -> record(row, labels),
                "SELECT own.id, own.key, own.kind, below.key, own.created, own.updated, own.bytes, own.inodes"
                        + " FROM snapshots own LEFT JOIN snapshots below ON below.id = own.parent"
                        + " WHERE own.id IN (" + ids + ") ORDER BY own.id",
                parameters);
    }

    private static SnapshotRecord record(ResultSet row, Map<Long, Map<String, String>> labels) throws SQLException {
        long id = row.getLong(1);
        long bytes = row.getLong(7);
        return new SnapshotRecord(
                id,
                SnapshotKey.of(row.getBytes(2)),
                SnapshotKind.valueOf(row.getString(3)),
                Optional.ofNullable(row.getBytes(4)).map(SnapshotKey::of),
                labels.getOrDefault(id, Map.of()),
                instant(row.getLong(5)),
                instant(row.getLong(6)),
                bytes == UNMEASURED ? Optional.empty() : Optional.of(new SnapshotUsage(bytes, row.getLong(8))));
    }

    static long nanos(Instant time) {
        return Math.addExact(TimeUnit.SECONDS.toNanos(time.getEpochSecond()), time.getNano());
    }

    private static Instant instant(long nanos) {
        return Instant.ofEpochSecond(0, nanos);
    }
}
