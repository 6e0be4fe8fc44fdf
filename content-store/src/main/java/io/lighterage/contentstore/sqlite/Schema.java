package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/// The tables, version by version. `PRAGMA user_version` says which steps a file has behind it.
///
/// Times are microseconds since 1970 unless said otherwise. A step is never changed once released; a change is another
/// step.
final class Schema {
    private static final List<String> FIRST = List.of(
            "CREATE TABLE namespaces (name TEXT PRIMARY KEY) WITHOUT ROWID",
            """
            CREATE TABLE blobs (
                namespace TEXT NOT NULL REFERENCES namespaces, digest TEXT NOT NULL, size INTEGER NOT NULL,
                media_type TEXT NOT NULL, created INTEGER NOT NULL,
                PRIMARY KEY (namespace, digest)) WITHOUT ROWID""",
            "CREATE INDEX blobs_by_digest ON blobs (digest)",
            """
            CREATE TABLE blob_labels (
                namespace TEXT NOT NULL, digest TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
                PRIMARY KEY (namespace, digest, key),
                FOREIGN KEY (namespace, digest) REFERENCES blobs ON DELETE CASCADE) WITHOUT ROWID""",
            """
            CREATE TABLE images (
                namespace TEXT NOT NULL REFERENCES namespaces, name TEXT NOT NULL, media_type TEXT NOT NULL,
                digest TEXT NOT NULL, size INTEGER NOT NULL, artifact_type TEXT NOT NULL,
                created INTEGER NOT NULL, updated INTEGER NOT NULL,
                PRIMARY KEY (namespace, name)) WITHOUT ROWID""",
            // The many-valued parts of a record: kind is label, annotation, url, platform or feature.
            """
            CREATE TABLE image_values (
                namespace TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (namespace, name, kind, key),
                FOREIGN KEY (namespace, name) REFERENCES images ON DELETE CASCADE) WITHOUT ROWID""",
            """
            CREATE TABLE leases (
                namespace TEXT NOT NULL REFERENCES namespaces, id TEXT NOT NULL, created INTEGER NOT NULL,
                expires INTEGER NOT NULL,
                PRIMARY KEY (namespace, id)) WITHOUT ROWID""",
            """
            CREATE TABLE lease_labels (
                namespace TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
                PRIMARY KEY (namespace, id, key),
                FOREIGN KEY (namespace, id) REFERENCES leases ON DELETE CASCADE) WITHOUT ROWID""",
            """
            CREATE TABLE lease_refs (
                namespace TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL,
                PRIMARY KEY (namespace, id, digest),
                FOREIGN KEY (namespace, id) REFERENCES leases ON DELETE CASCADE) WITHOUT ROWID""",
            "CREATE INDEX lease_refs_by_digest ON lease_refs (digest)");

    private static final List<String> MOUNTS = List.of(
            // An end of -1 is that of a mount that has not ended.
            """
            CREATE TABLE mounts (
                directory TEXT PRIMARY KEY, image TEXT NOT NULL, pid INTEGER NOT NULL, started INTEGER NOT NULL,
                ended INTEGER NOT NULL, report TEXT NOT NULL)""");

    private static final List<String> SNAPSHOTS = List.of(
            // Times of snapshots are nanoseconds, which their clients compare; bytes of -1 have not been measured.
            """
            CREATE TABLE snapshots (
                id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, kind TEXT NOT NULL,
                parent INTEGER REFERENCES snapshots, created INTEGER NOT NULL, updated INTEGER NOT NULL,
                bytes INTEGER NOT NULL, inodes INTEGER NOT NULL)""",
            "CREATE INDEX snapshots_by_parent ON snapshots (parent)",
            """
            CREATE TABLE snapshot_labels (
                id INTEGER NOT NULL REFERENCES snapshots ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
                PRIMARY KEY (id, key)) WITHOUT ROWID""",
            "CREATE TABLE snapshot_ids (next INTEGER NOT NULL)",
            "INSERT INTO snapshot_ids VALUES (1)");

    private static final List<List<String>> STEPS = List.of(FIRST, MOUNTS, SNAPSHOTS);

    private Schema() {}

    /// Brings the file to the newest version. Nobody else migrates it meanwhile.
    ///
    /// @throws ImageException UNSUPPORTED when a newer program has written the file
    static void migrate(Connection connection, Path file) throws SQLException {
        int found = version(connection);
        if (found > STEPS.size()) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    file + " has schema version " + found + "; this program knows up to " + STEPS.size()
                            + "; use the newer program that wrote it, or another --root");
        }
        for (int next = found; next < STEPS.size(); next++) {
            Database.execute(connection, "BEGIN IMMEDIATE");
            try {
                for (String statement : STEPS.get(next)) {
                    Database.execute(connection, statement);
                }
                Database.execute(connection, "PRAGMA user_version = " + (next + 1));
                Database.execute(connection, "COMMIT");
            } catch (SQLException e) {
                try {
                    Database.execute(connection, "ROLLBACK");
                } catch (SQLException again) {
                    e.addSuppressed(again);
                }
                throw e;
            }
        }
    }

    private static int version(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("PRAGMA user_version")) {
            return row.next() ? row.getInt(1) : 0;
        }
    }
}
