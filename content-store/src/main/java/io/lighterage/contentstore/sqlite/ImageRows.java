package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageRecord;
import io.lighterage.contentstore.ImageRecords;
import io.lighterage.contentstore.Platform;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The image records of one namespace.
final class ImageRows implements ImageRecords {
    private static final String COLUMNS = "name, media_type, digest, size, artifact_type, created, updated";

    private final Database database;
    private final String namespace;
    private final Clock clock;

    ImageRows(Database database, String namespace, Clock clock) {
        this.database = database;
        this.namespace = namespace;
        this.clock = clock;
    }

    @Override
    public Optional<ImageRecord> get(String name) {
        return database.read("look up image " + name, connection -> get(connection, name));
    }

    @Override
    public List<ImageRecord> list() {
        return database.read("list images", connection -> {
            List<ImageRecord> records = new ArrayList<>();
            for (Bare bare : Sql.query(
                    connection,
                    ImageRows::bare,
                    "SELECT " + COLUMNS + " FROM images WHERE namespace = ? ORDER BY name",
                    namespace)) {
                records.add(whole(connection, bare));
            }
            return records;
        });
    }

    @Override
    public ImageRecord put(String name, Descriptor target, Map<String, String> labels) {
        return database.write("record image " + name, connection -> {
            long now = Sql.micros(clock.instant());
            Sql.update(
                    connection,
                    """
                    INSERT INTO images (namespace, name, media_type, digest, size, artifact_type, created, updated)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET media_type = excluded.media_type, digest = excluded.digest,
                        size = excluded.size, artifact_type = excluded.artifact_type, updated = excluded.updated""",
                    namespace,
                    name,
                    target.mediaType(),
                    target.digest().toString(),
                    target.size(),
                    target.artifactType(),
                    now,
                    now);
            Sql.update(connection, "DELETE FROM image_values WHERE namespace = ? AND name = ?", namespace, name);
            insertValues(connection, name, "label", labels);
            insertValues(connection, name, "annotation", target.annotations());
            insertList(connection, name, "url", target.urls());
            if (target.platform().isPresent()) {
                Platform platform = target.platform().get();
                insertValues(
                        connection,
                        name,
                        "platform",
                        Map.of(
                                "os", platform.os(),
                                "architecture", platform.architecture(),
                                "variant", platform.variant(),
                                "osVersion", platform.osVersion()));
                insertList(connection, name, "feature", platform.osFeatures());
            }
            return get(connection, name).orElseThrow();
        });
    }

    @Override
    public boolean delete(String name) {
        return database.write(
                "delete image " + name,
                connection ->
                        Sql.update(connection, "DELETE FROM images WHERE namespace = ? AND name = ?", namespace, name)
                                > 0);
    }

    private void insertList(Connection connection, String name, String kind, List<String> values) throws SQLException {
        for (int i = 0; i < values.size(); i++) {
            // Ten digits: keys sort as the list does.
            insertValues(connection, name, kind, Map.of(String.format(Locale.ROOT, "%010d", i), values.get(i)));
        }
    }

    private void insertValues(Connection connection, String name, String kind, Map<String, String> values)
            throws SQLException {
        for (Map.Entry<String, String> value : values.entrySet()) {
            Sql.update(
                    connection,
                    "INSERT INTO image_values VALUES (?, ?, ?, ?, ?)",
                    namespace,
                    name,
                    kind,
                    value.getKey(),
                    value.getValue());
        }
    }

    private Optional<ImageRecord> get(Connection connection, String name) throws SQLException {
        List<Bare> found = Sql.query(
                connection,
                ImageRows::bare,
                "SELECT " + COLUMNS + " FROM images WHERE namespace = ? AND name = ?",
                namespace,
                name);
        return found.isEmpty() ? Optional.empty() : Optional.of(whole(connection, found.getFirst()));
    }

    private ImageRecord whole(Connection connection, Bare bare) throws SQLException {
        Map<String, String> platform = values(connection, bare.name(), "platform");
        Optional<Platform> wanted = platform.isEmpty()
                ? Optional.empty()
                : Optional.of(new Platform(
                        platform.getOrDefault("os", ""),
                        platform.getOrDefault("architecture", ""),
                        platform.getOrDefault("variant", ""),
                        platform.getOrDefault("osVersion", ""),
                        List.copyOf(values(connection, bare.name(), "feature").values())));
        Descriptor target = new Descriptor(
                bare.mediaType(),
                bare.digest(),
                bare.size(),
                values(connection, bare.name(), "annotation"),
                wanted,
                bare.artifactType(),
                List.copyOf(values(connection, bare.name(), "url").values()));
        return new ImageRecord(
                bare.name(),
                target,
                Sql.instant(bare.created()),
                Sql.instant(bare.updated()),
                values(connection, bare.name(), "label"));
    }

    private Map<String, String> values(Connection connection, String name, String kind) throws SQLException {
        return Sql.pairs(
                connection,
                "SELECT key, value FROM image_values WHERE namespace = ? AND name = ? AND kind = ?",
                namespace,
                name,
                kind);
    }

    private static Bare bare(ResultSet row) throws SQLException {
        return new Bare(
                row.getString(1),
                row.getString(2),
                Digest.parse(row.getString(3)),
                row.getLong(4),
                row.getString(5),
                row.getLong(6),
                row.getLong(7));
    }

    private record Bare(
            String name, String mediaType, Digest digest, long size, String artifactType, long created, long updated) {}
}
