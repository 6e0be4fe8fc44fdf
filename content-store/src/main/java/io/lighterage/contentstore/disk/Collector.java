package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.ChildrenReader;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.Store.GcReport;
import io.lighterage.contentstore.sqlite.CollectionRows;
import io.lighterage.contentstore.sqlite.CollectionRows.View;
import io.lighterage.contentstore.sqlite.Metadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Mark and sweep over rows in one transaction, then over files, one digest's place at a time.
///
/// Why no interleaving with other processes loses anything is argued in `docs/concurrency.md`. In short: rows go
/// only in a transaction that also reads every root, and a file goes only while its place is held and after no row
/// and no live lease was found for it; rows are inserted only by holders of the place who saw the file.
final class Collector {
    private static final System.Logger LOG = System.getLogger(Collector.class.getName());

    private final Layout layout;
    private final CollectionRows rows;
    private final WriterPlaces places;
    private final Clock clock;
    private final Mark mark;
    private long removedBlobs;
    private long removedBytes;
    private long removedIngests;

    Collector(Layout layout, Metadata metadata, WriterPlaces places, ChildrenReader children, Clock clock) {
        this.layout = layout;
        this.rows = metadata.collection();
        this.places = places;
        this.clock = clock;
        this.mark = new Mark(layout, children);
    }

    GcReport collect(Duration abandonedAfter) {
        removeAbandoned(clock.instant().minus(abandonedAfter));
        Set<Digest> running = runningIngests();
        // Reads the documents before the transaction that keeps all other writers waiting.
        mark.mark(rows.views(), running);
        Set<Digest> reachable = new HashSet<>();
        Map<Digest, Long> kept =
                rows.deleteUnmarked(views -> markAll(views, running, reachable)).kept();
        Map<Digest, String> unreadable = mark.unreadable();
        unreadable.forEach((digest, why) -> LOG.log(
                System.Logger.Level.WARNING,
                "garbage collection keeps " + digest + " but not what it points at: " + why));
        for (Digest digest : layout.blobsOnDisk()) {
            if (!kept.containsKey(digest) && !reachable.contains(digest)) {
                removeFile(digest);
            }
        }
        long keptBytes = kept.values().stream().mapToLong(Long::longValue).sum();
        return new GcReport(
                kept.size(), keptBytes, removedBlobs, removedBytes, removedIngests, List.copyOf(unreadable.keySet()));
    }

    private Map<String, Set<Digest>> markAll(List<View> views, Set<Digest> running, Set<Digest> reachable) {
        Map<String, Set<Digest>> marked = mark.mark(views, running);
        marked.values().forEach(reachable::addAll);
        return marked;
    }

    /// Somebody who holds a digest's place and has a directory for it is writing it.
    private Set<Digest> runningIngests() {
        Set<Digest> running = new HashSet<>();
        for (Digest digest : layout.ingestsOnDisk()) {
            Optional<WriterPlaces.Place> place = places.tryAcquire(digest);
            if (place.isEmpty()) {
                running.add(digest);
            } else {
                place.get().close();
            }
        }
        return running;
    }

    private void removeFile(Digest digest) {
        Optional<WriterPlaces.Place> free = places.tryAcquire(digest);
        if (free.isEmpty()) {
            return; // being adopted or committed this moment: wanted again
        }
        try (WriterPlaces.Place place = free.get()) {
            Optional<Long> size = layout.sizeOf(digest);
            if (size.isPresent() && !rows.isWanted(digest)) {
                delete(layout.blob(digest));
                removedBlobs++;
                removedBytes += size.get();
            }
        }
    }

    private void removeAbandoned(Instant untouchedSince) {
        for (Digest digest : layout.ingestsOnDisk()) {
            Optional<WriterPlaces.Place> free = places.tryAcquire(digest);
            if (free.isEmpty()) {
                continue;
            }
            IngestFiles files = new IngestFiles(layout, digest);
            try (WriterPlaces.Place place = free.get()) {
                if (!files.lastTouched().isAfter(untouchedSince)) {
                    long length = files.length();
                    files.discard();
                    removedIngests++;
                    removedBytes += length;
                }
            } catch (IOException e) {
                throw FileErrors.of("cannot remove the abandoned ingest of " + digest, files.directory(), e);
            }
        }
    }

    private static void delete(Path path) {
        try {
            Files.delete(path);
        } catch (NoSuchFileException e) {
            // gone already, which is what was wanted
        } catch (IOException e) {
            throw FileErrors.of("cannot delete a blob nobody needs", path, e);
        }
    }
}
