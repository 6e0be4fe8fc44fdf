package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.ImageRecords;
import io.lighterage.contentstore.Leases;
import io.lighterage.contentstore.MountRecords;
import io.lighterage.contentstore.SnapshotCatalog;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.function.Consumer;

/// The metadata of one store. Opening is put off until the first question.
public final class Metadata implements AutoCloseable {
    /// How long another process may hold the write lock before we give up. A collection is the longest holder.
    private static final int BUSY_MILLIS = 30_000;

    private final Database database;
    private final Clock clock;

    /// @param opening runs the given task while no other process opens or migrates the same file
    public Metadata(Path file, Clock clock, Consumer<Runnable> opening) {
        this(file, clock, opening, BUSY_MILLIS);
    }

    Metadata(Path file, Clock clock, Consumer<Runnable> opening, int busyMillis) {
        this.database = new Database(file, opening, busyMillis);
        this.clock = clock;
    }

    /// Does what the first use in a process has to do before it gets to its file.
    public static void prepare() {
        Database.prepare();
    }

    public BlobRows blobs(String namespace) {
        return new BlobRows(database, namespace, clock);
    }

    public ImageRecords images(String namespace) {
        return new ImageRows(database, namespace, clock);
    }

    public Leases leases(String namespace) {
        return new LeaseRows(database, namespace, clock);
    }

    public MountRecords mounts() {
        return new MountRows(database);
    }

    public SnapshotCatalog snapshots() {
        return new SnapshotRows(database, clock);
    }

    public CollectionRows collection() {
        return new CollectionRows(database, clock);
    }

    /// Creates the namespace unless it is there.
    public void createNamespace(String name) {
        boolean known = database.read(
                "look up namespace " + name,
                connection -> Sql.exists(connection, "SELECT 1 FROM namespaces WHERE name = ?", name));
        if (!known) {
            database.write(
                    "create namespace " + name,
                    connection -> Sql.update(connection, "INSERT OR IGNORE INTO namespaces VALUES (?)", name));
        }
    }

    public List<String> namespaces() {
        return database.read(
                "list namespaces",
                connection ->
                        Sql.query(connection, row -> row.getString(1), "SELECT name FROM namespaces ORDER BY name"));
    }

    /// A setting of the connection that writes.
    String pragma(String name) {
        return database.write(
                "read a setting",
                connection -> Sql.query(connection, row -> row.getString(1), "PRAGMA " + name)
                        .getFirst());
    }

    @Override
    public void close() {
        database.close();
    }
}
