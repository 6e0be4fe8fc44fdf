package io.lighterage.mirror;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import java.util.List;
import java.util.Optional;

/// Where the mirror's content comes from.
///
/// Repository names and tags are validated before they arrive here. Implementations are safe for several threads.
public interface Upstream {
    /// The manifest or index a tag or digest names.
    ///
    /// @param reference a tag, or a digest as `algorithm:hex`
    /// @return empty when the repository or the reference is not known
    /// @throws io.lighterage.contentstore.ImageException when the content exists and cannot be had
    Optional<StoredManifest> manifest(String repository, String reference);

    /// The blob of this digest; the caller closes it.
    ///
    /// @return empty when the repository does not have it
    Optional<Blob> blob(String repository, Digest digest);

    /// All tags of the repository, in any order.
    ///
    /// @throws io.lighterage.contentstore.ImageException NOT_FOUND when the repository is not known
    List<String> tags(String repository);

    /// The manifests whose `subject` is this digest; none is an ordinary answer.
    default List<Descriptor> referrers(String repository, Digest subject) {
        return List.of();
    }
}
