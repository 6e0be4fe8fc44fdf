package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.Store.FsckListener;
import io.lighterage.contentstore.Store.FsckReport;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.contentstore.sqlite.CollectionRows;
import io.lighterage.contentstore.sqlite.Metadata;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Hashes every blob again.
///
/// A blob that does not match is hashed once more while its place is held, then moved to quarantine and forgotten
/// in every namespace, in this order: killed in between, the rows are found to be without a file by the next check.
final class Checker {
    /// One file being hashed while the next is being read; more only makes a spinning disk seek.
    private static final int THREADS = 2;

    private static final int BUFFER = 1 << 20;

    private final Layout layout;
    private final CollectionRows rows;
    private final WriterPlaces places;

    Checker(Layout layout, Metadata metadata, WriterPlaces places) {
        this.layout = layout;
        this.rows = metadata.collection();
        this.places = places;
    }

    FsckReport check(FsckListener listener) {
        Set<Digest> onDisk = new TreeSet<>(layout.blobsOnDisk());
        Map<Digest, Long> recorded = rows.allBlobs();
        Set<Digest> quarantined = Collections.synchronizedSet(new TreeSet<>());
        Tally tally = new Tally(
                listener, onDisk.size(), onDisk.stream().mapToLong(this::size).sum());
        Queue<Digest> queue = new ConcurrentLinkedQueue<>(onDisk);
        try (TaskGroup group = new TaskGroup("fsck")) {
            for (int i = 0; i < THREADS; i++) {
                group.fork(() -> checkAll(queue, quarantined, tally));
            }
            group.join();
        }
        Set<Digest> adopted = new TreeSet<>(onDisk);
        adopted.removeAll(recorded.keySet());
        adopted.removeAll(quarantined);
        adopted.removeIf(
                digest -> layout.sizeOf(digest).isEmpty() || rows.allBlobs().containsKey(digest));
        return new FsckReport(
                tally.blobs,
                tally.bytes,
                List.copyOf(quarantined),
                missing(recorded.keySet(), onDisk),
                List.copyOf(adopted));
    }

    private boolean checkAll(Queue<Digest> queue, Set<Digest> quarantined, Tally tally) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        for (Digest next = queue.poll(); next != null; next = queue.poll()) {
            long size = size(next);
            if (!matches(next, buffer) && quarantine(next, buffer)) {
                quarantined.add(next);
            }
            tally.checked(size);
        }
        return true;
    }

    private List<Digest> missing(Set<Digest> recorded, Set<Digest> onDisk) {
        Set<Digest> candidates = new HashSet<>(recorded);
        candidates.removeAll(onDisk);
        Set<Digest> missing = new TreeSet<>();
        for (Digest digest : candidates) {
            Optional<WriterPlaces.Place> free = places.tryAcquire(digest);
            if (free.isEmpty()) {
                continue; // being fetched again this moment
            }
            try (WriterPlaces.Place place = free.get()) {
                if (layout.sizeOf(digest).isEmpty() && rows.forgetEverywhere(digest)) {
                    missing.add(digest);
                }
            }
        }
        return List.copyOf(missing);
    }

    /// @return whether the blob was moved, rather than gone or sound after all
    private boolean quarantine(Digest digest, ByteBuffer buffer) {
        try (WriterPlaces.Place place = places.acquire(digest)) {
            if (matches(digest, buffer)) {
                return false;
            }
            Layout.moveDurably(layout.blob(digest), freeName(digest));
            rows.forgetEverywhere(digest);
            return true;
        } catch (IOException e) {
            throw FileErrors.of("cannot quarantine blob " + digest, layout.quarantine(), e);
        }
    }

    private Path freeName(Digest digest) {
        Path name = layout.quarantine().resolve(digest.algorithm() + "-" + digest.hex());
        for (int n = 1; Files.exists(name); n++) {
            name = layout.quarantine().resolve(digest.algorithm() + "-" + digest.hex() + "." + n);
        }
        return name;
    }

    /// Whether the file holds what its name says; a file that is gone is nobody's problem here.
    private boolean matches(Digest digest, ByteBuffer buffer) {
        MessageDigest hasher = digest.newHasher();
        try (FileChannel channel = FileChannel.open(layout.blob(digest), StandardOpenOption.READ)) {
            while (channel.read(buffer.clear()) >= 0) {
                hasher.update(buffer.flip());
            }
        } catch (NoSuchFileException e) {
            return true;
        } catch (IOException e) {
            throw FileErrors.of("cannot check blob " + digest, layout.blob(digest), e);
        }
        return Digest.finish(digest.algorithm(), hasher).equals(digest);
    }

    private long size(Digest digest) {
        return layout.sizeOf(digest).orElse(0L);
    }

    /// Counts for the report, and tells the listener, one call at a time.
    private static final class Tally {
        private final FsckListener listener;
        private final long totalBlobs;
        private final long totalBytes;
        private long blobs;
        private long bytes;

        private Tally(FsckListener listener, long totalBlobs, long totalBytes) {
            this.listener = listener;
            this.totalBlobs = totalBlobs;
            this.totalBytes = totalBytes;
        }

        private synchronized void checked(long size) {
            blobs++;
            bytes += size;
            listener.checked(blobs, totalBlobs, bytes, totalBytes);
        }
    }
}
