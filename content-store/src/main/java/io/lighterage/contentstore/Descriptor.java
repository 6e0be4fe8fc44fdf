package io.lighterage.contentstore;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Names content by type, digest and size (OCI content descriptor).
///
/// @param mediaType the type the content must be treated as; the descriptor decides, not the transport
/// @param digest digest of the content's bytes
/// @param size length of the content in bytes, not negative
/// @param annotations free-form, never null
/// @param platform the platform, where an index entry names one
/// @param artifactType the artifact type, or empty
/// @param urls foreign places the content may be had from; never followed with credentials
public record Descriptor(
        String mediaType,
        Digest digest,
        long size,
        Map<String, String> annotations,
        Optional<Platform> platform,
        String artifactType,
        List<String> urls) {
    public Descriptor {
        if (size < 0) {
            throw new ImageException(
                    ErrorKind.INVALID, "descriptor of " + digest + " has size " + size + "; expected 0 or more");
        }
        annotations = Map.copyOf(annotations);
        urls = List.copyOf(urls);
    }

    public Descriptor(String mediaType, Digest digest, long size) {
        this(mediaType, digest, size, Map.of(), Optional.empty(), "", List.of());
    }

    /// The same content with other annotations.
    public Descriptor withAnnotations(Map<String, String> replaced) {
        return new Descriptor(mediaType, digest, size, replaced, platform, artifactType, urls);
    }
}
