package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.MountRecord;
import io.lighterage.contentstore.MountRecords;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;

/// The mount records of one store. A mount that has not ended has an end of -1.
final class MountRows implements MountRecords {
    private static final String COLUMNS = "directory, image, pid, started, ended, report";
    private static final long MOUNTED = -1;

    private final Database database;

    MountRows(Database database) {
        this.database = database;
    }

    @Override
    public Optional<MountRecord> get(String directory) {
        return database.read(
                "look up the mount of " + directory,
                connection -> Sql.query(
                                connection,
                                MountRows::record,
                                "SELECT " + COLUMNS + " FROM mounts WHERE directory = ?",
                                directory)
                        .stream()
                        .findFirst());
    }

    @Override
    public List<MountRecord> list() {
        return database.read("list mounts", MountRows::all);
    }

    @Override
    public void put(MountRecord record) {
        database.write("record the mount of " + record.directory(), connection -> {
            Sql.update(
                    connection,
                    "INSERT OR REPLACE INTO mounts (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?)",
                    record.directory(),
                    record.image(),
                    record.pid(),
                    Sql.micros(record.startedAt()),
                    record.endedAt().map(Sql::micros).orElse(MOUNTED),
                    record.report());
            return prune(connection, pid -> true);
        });
    }

    @Override
    public int prune(LongPredicate alive) {
        return database.write("forget old mounts", connection -> prune(connection, alive));
    }

    private static int prune(Connection connection, LongPredicate alive) throws SQLException {
        record Row(String directory, long pid, boolean mounted) {}
        List<Row> rows = Sql.query(
                connection,
                row -> new Row(row.getString(1), row.getLong(2), row.getLong(3) == MOUNTED),
                "SELECT directory, pid, ended FROM mounts ORDER BY started, directory");
        int surplus = rows.size() - KEPT;
        int removed = 0;
        for (int i = 0; i < rows.size() && removed < surplus; i++) {
            Row row = rows.get(i);
            if (!row.mounted() || !alive.test(row.pid())) {
                removed += Sql.update(connection, "DELETE FROM mounts WHERE directory = ?", row.directory());
            }
        }
        return removed;
    }

    private static List<MountRecord> all(Connection connection) throws SQLException {
        return Sql.query(
                connection, MountRows::record, "SELECT " + COLUMNS + " FROM mounts ORDER BY started DESC, directory");
    }

    private static MountRecord record(ResultSet row) throws SQLException {
        long ended = row.getLong(5);
        return new MountRecord(
                row.getString(1),
                row.getString(2),
                row.getLong(3),
                Sql.instant(row.getLong(4)),
                ended == MOUNTED ? Optional.empty() : Optional.of(Sql.instant(ended)),
                row.getString(6));
    }
}
