package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// What the collector and the checker ask across all namespaces.
public final class CollectionRows {
    private final Database database;
    private final Clock clock;

    CollectionRows(Database database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Everything one namespace contributes to a collection.
    ///
    /// @param roots what keeps itself: targets of image records, what live leases name, blobs labelled as roots.
    ///     The media type is empty where only a digest is known
    /// @param blobs the namespace's blobs, with the media type they were ingested as
    /// @param edges further references, from labels
    public record View(
            String namespace, List<Descriptor> roots, Map<Digest, Descriptor> blobs, Map<Digest, List<Digest>> edges) {}

    /// What a collection left in the tables.
    ///
    /// @param kept the blobs some namespace still has, with their sizes
    public record Kept(Map<Digest, Long> kept) {}

    /// All namespaces as they are at this moment.
    public List<View> views() {
        return database.read("read the metadata", this::views);
    }

    /// In one transaction: forgets expired leases, asks `mark` what to keep of each namespace, and deletes the rows
    /// of the rest.
    public Kept deleteUnmarked(Function<List<View>, Map<String, Set<Digest>>> mark) {
        return database.write("collect garbage", connection -> {
            Sql.update(connection, "DELETE FROM leases WHERE expires <= ?", Sql.micros(clock.instant()));
            List<View> views = views(connection);
            Map<String, Set<Digest>> marked = mark.apply(views);
            Map<Digest, Long> kept = new HashMap<>();
            for (View view : views) {
                Set<Digest> keep = marked.getOrDefault(view.namespace(), Set.of());
                for (Descriptor blob : view.blobs().values()) {
                    if (keep.contains(blob.digest())) {
                        kept.put(blob.digest(), blob.size());
                    } else {
                        Sql.update(
                                connection,
                                "DELETE FROM blobs WHERE namespace = ? AND digest = ?",
                                view.namespace(),
                                blob.digest().toString());
                    }
                }
            }
            return new Kept(kept);
        });
    }

    /// Whether some namespace has the blob, or a live lease names it.
    public boolean isWanted(Digest digest) {
        return database.read(
                "look up " + digest,
                connection -> Sql.exists(connection, "SELECT 1 FROM blobs WHERE digest = ?", digest.toString())
                        || Sql.exists(connection, """
                                SELECT 1 FROM lease_refs JOIN leases USING (namespace, id)
                                WHERE digest = ? AND expires > ?""", digest.toString(), Sql.micros(clock.instant())));
    }

    /// Every blob some namespace has, with its size.
    public Map<Digest, Long> allBlobs() {
        return database.read("list all blobs", connection -> {
            Map<Digest, Long> all = new LinkedHashMap<>();
            Sql.query(
                    connection,
                    row -> all.put(Digest.parse(row.getString(1)), row.getLong(2)) == null,
                    "SELECT digest, max(size) FROM blobs GROUP BY digest ORDER BY digest");
            return all;
        });
    }

    /// Forgets the blob in every namespace.
    ///
    /// @return whether some namespace had it
    public boolean forgetEverywhere(Digest digest) {
        return database.write(
                "forget blob " + digest,
                connection -> Sql.update(connection, "DELETE FROM blobs WHERE digest = ?", digest.toString()) > 0);
    }

    private List<View> views(Connection connection) throws SQLException {
        List<View> views = new ArrayList<>();
        for (String namespace :
                Sql.query(connection, row -> row.getString(1), "SELECT name FROM namespaces ORDER BY name")) {
            views.add(view(connection, namespace));
        }
        return views;
    }

    private View view(Connection connection, String namespace) throws SQLException {
        Map<Digest, Descriptor> blobs = new HashMap<>();
        Sql.query(
                connection,
                row -> {
                    Digest digest = Digest.parse(row.getString(1));
                    return blobs.put(digest, new Descriptor(row.getString(2), digest, row.getLong(3))) == null;
                },
                "SELECT digest, media_type, size FROM blobs WHERE namespace = ?",
                namespace);
        List<Descriptor> roots = new ArrayList<>(Sql.query(
                connection,
                row -> new Descriptor(row.getString(1), Digest.parse(row.getString(2)), row.getLong(3)),
                "SELECT media_type, digest, size FROM images WHERE namespace = ?",
                namespace));
        for (Digest digest : Sql.query(
                connection,
                row -> Digest.parse(row.getString(1)),
                """
                SELECT digest FROM lease_refs JOIN leases USING (namespace, id) WHERE namespace = ? AND expires > ?
                UNION SELECT digest FROM blob_labels WHERE namespace = ? AND key = 'containerd.io/gc.root'""",
                namespace,
                Sql.micros(clock.instant()),
                namespace)) {
            roots.add(new Descriptor("", digest, 0));
        }
        return new View(namespace, roots, blobs, edges(connection, namespace));
    }

    /// Labels `containerd.io/gc.ref.content`, alone or followed by `.` or `/` and anything, whose value is a digest.
    private static Map<Digest, List<Digest>> edges(Connection connection, String namespace) throws SQLException {
        Map<Digest, List<Digest>> edges = new HashMap<>();
        Sql.query(
                connection,
                row -> edges.computeIfAbsent(Digest.parse(row.getString(1)), from -> new ArrayList<>())
                        .addAll(GcLabel.target(row.getString(2), row.getString(3)).stream()
                                .toList()),
                """
                SELECT digest, key, value FROM blob_labels
                WHERE namespace = ? AND key >= 'containerd.io/gc.ref.content' AND key < 'containerd.io/gc.ref.contenu'
                """,
                namespace);
        return edges;
    }
}
