package io.lighterage.contentstore;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Blobs by digest, as one namespace sees them. Bytes are shared between namespaces; visibility and labels are not.
///
/// Every digest in the store names exactly the bytes that hash to it. There is no other way in than an [Ingest].
public interface ContentStore {
    /// What is known of the blob, or empty when this namespace does not have it.
    Optional<BlobInfo> info(Digest digest);

    /// Opens the blob for reading.
    ///
    /// @throws ImageException NOT_FOUND when this namespace does not have it
    Blob open(Digest digest);

    /// Begins, resumes, or waits for the writing of one blob.
    ///
    /// At most one writer exists per digest across all processes of one root; a second caller waits here until the
    /// first has committed (then the blob is [IngestResult.Present]) or given up (then the caller takes over what
    /// was already on disk).
    ///
    /// @param expected digest and size the content must have
    /// @throws ImageException EXHAUSTED when the disk cannot hold `expected.size()` more bytes; CANCELLED when the
    ///     waiting thread is interrupted
    IngestResult ingest(Descriptor expected);

    /// Replaces labels: a value sets, an empty value removes.
    ///
    /// @throws ImageException NOT_FOUND when this namespace does not have the blob
    BlobInfo label(Digest digest, Map<String, String> changes);

    /// Every blob of this namespace, ordered by digest.
    List<BlobInfo> list();

    /// Forgets the blob in this namespace; the bytes go when no namespace has it (see the garbage collector).
    ///
    /// @throws ImageException NOT_FOUND when this namespace does not have the blob
    void delete(Digest digest);

    /// What [ContentStore#ingest] gives.
    sealed interface IngestResult {
        /// The blob is here, verified, and now belongs to this namespace too.
        record Present(BlobInfo info) implements IngestResult {}

        /// The caller is the one writer and must close the ingest.
        record Writing(Ingest ingest) implements IngestResult {}
    }
}
