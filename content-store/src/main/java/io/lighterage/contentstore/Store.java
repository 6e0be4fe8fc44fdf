package io.lighterage.contentstore;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// The one store of a root directory: bytes, metadata, and the collector that accounts for both.
///
/// Several processes may have one root open at once.
public interface Store extends AutoCloseable {
    Path root();

    /// The named namespace, created on first use.
    ///
    /// @throws ImageException INVALID when the name is malformed
    Namespace namespace(String name);

    List<String> namespaces();

    /// What is, and was, mounted; of all namespaces.
    MountRecords mounts();

    /// The snapshots of this root; of all namespaces, and no roots of garbage collection.
    SnapshotCatalog snapshots();

    /// Marks everything reachable from image records, live leases, `containerd.io/gc.root` labels and running
    /// ingests, then removes the rest. Ingests nobody has written to for `abandonedAfter` are removed too.
    GcReport gc(Duration abandonedAfter);

    /// Hashes every blob again and moves those that do not match to quarantine, out of every namespace.
    FsckReport fsck(FsckListener listener);

    @Override
    void close();

    /// What a collection did.
    ///
    /// @param keptBlobs blobs that stay
    /// @param keptBytes their bytes
    /// @param removedBlobs blobs removed
    /// @param removedBytes bytes freed, abandoned ingests included
    /// @param removedIngests abandoned ingests removed
    /// @param unreadable kept index or manifest documents that could not be understood, so that nothing was kept
    ///     for their sake
    record GcReport(
            long keptBlobs,
            long keptBytes,
            long removedBlobs,
            long removedBytes,
            long removedIngests,
            List<Digest> unreadable) {
        public GcReport {
            unreadable = List.copyOf(unreadable);
        }
    }

    /// What a check found.
    ///
    /// @param checkedBlobs blobs hashed
    /// @param checkedBytes their bytes
    /// @param quarantined blobs whose bytes did not match, now in quarantine
    /// @param missing blobs the metadata names and the disk does not have; their rows are removed
    /// @param adopted blobs on disk that no namespace names; left for the collector
    record FsckReport(
            long checkedBlobs,
            long checkedBytes,
            List<Digest> quarantined,
            List<Digest> missing,
            List<Digest> adopted) {
        public FsckReport {
            quarantined = List.copyOf(quarantined);
            missing = List.copyOf(missing);
            adopted = List.copyOf(adopted);
        }

        /// Whether nothing was wrong.
        public boolean clean() {
            return quarantined.isEmpty() && missing.isEmpty();
        }
    }

    /// Hears of progress during a check.
    interface FsckListener {
        void checked(long blobs, long totalBlobs, long bytes, long totalBytes);
    }
}
