package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.BlobInfo;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Which blobs one namespace has, and its labels on them.
public final class BlobRows {
    private final Database database;
    private final String namespace;
    private final Clock clock;

    BlobRows(Database database, String namespace, Clock clock) {
        this.database = database;
        this.namespace = namespace;
        this.clock = clock;
    }

    public Optional<BlobInfo> get(Digest digest) {
        return database.read("look up blob " + digest, connection -> get(connection, digest));
    }

    /// The failure of asking for a blob this namespace does not have.
    public ImageException notFound(Digest digest) {
        return new ImageException(
                ErrorKind.NOT_FOUND,
                "blob " + digest + " is not in namespace " + namespace + "; pull the image that has it");
    }

    public List<BlobInfo> list() {
        return database.read("list blobs", connection -> {
            Map<String, Map<String, String>> labels = new HashMap<>();
            Sql.query(
                    connection,
                    row -> labels.computeIfAbsent(row.getString(1), digest -> new HashMap<>())
                                    .put(row.getString(2), row.getString(3))
                            == null,
                    "SELECT digest, key, value FROM blob_labels WHERE namespace = ?",
                    namespace);
            return Sql.query(
                    connection,
                    row -> new BlobInfo(
                            Digest.parse(row.getString(1)),
                            row.getLong(2),
                            Sql.instant(row.getLong(3)),
                            labels.getOrDefault(row.getString(1), Map.of())),
                    "SELECT digest, size, created FROM blobs WHERE namespace = ? ORDER BY digest",
                    namespace);
        });
    }

    /// Makes the blob visible here; nothing changes when it is already.
    ///
    /// To be called by the holder of the digest's place only, while the file is there.
    public BlobInfo put(Descriptor blob) {
        return database.write("record blob " + blob.digest(), connection -> {
            // The media type is only a hint for the collector, so a later, better one replaces an empty one.
            Sql.update(
                    connection,
                    """
                    INSERT INTO blobs (namespace, digest, size, media_type, created) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET media_type = excluded.media_type WHERE media_type = ''""",
                    namespace,
                    blob.digest().toString(),
                    blob.size(),
                    blob.mediaType(),
                    Sql.micros(clock.instant()));
            return get(connection, blob.digest()).orElseThrow(() -> notFound(blob.digest()));
        });
    }

    /// Sets labels; an empty value removes one.
    ///
    /// @throws ImageException NOT_FOUND
    public BlobInfo label(Digest digest, Map<String, String> changes) {
        return database.write("label blob " + digest, connection -> {
            if (get(connection, digest).isEmpty()) {
                throw notFound(digest);
            }
            for (Map.Entry<String, String> change : changes.entrySet()) {
                Object[] key = {namespace, digest.toString(), change.getKey()};
                Sql.update(connection, "DELETE FROM blob_labels WHERE namespace = ? AND digest = ? AND key = ?", key);
                if (!change.getValue().isEmpty()) {
                    List<Object> row = new ArrayList<>(List.of(key));
                    row.add(change.getValue());
                    Sql.update(connection, "INSERT INTO blob_labels VALUES (?, ?, ?, ?)", row.toArray());
                }
            }
            return get(connection, digest).orElseThrow(() -> notFound(digest));
        });
    }

    /// @return whether there was such a blob
    public boolean delete(Digest digest) {
        return database.write(
                "forget blob " + digest,
                connection -> Sql.update(
                                connection,
                                "DELETE FROM blobs WHERE namespace = ? AND digest = ?",
                                namespace,
                                digest.toString())
                        > 0);
    }

    private Optional<BlobInfo> get(Connection connection, Digest digest) throws SQLException {
        String key = digest.toString();
        List<BlobInfo> found = Sql.query(
                connection,
                row -> new BlobInfo(digest, row.getLong(1), Sql.instant(row.getLong(2)), Map.of()),
                "SELECT size, created FROM blobs WHERE namespace = ? AND digest = ?",
                namespace,
                key);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        Map<String, String> labels = Sql.pairs(
                connection, "SELECT key, value FROM blob_labels WHERE namespace = ? AND digest = ?", namespace, key);
        BlobInfo bare = found.getFirst();
        return Optional.of(new BlobInfo(digest, bare.size(), bare.createdAt(), labels));
    }
}
