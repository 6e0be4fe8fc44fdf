package io.lighterage.contentstore;

import java.time.Instant;
import java.util.Map;

/// What the store knows of one blob in one namespace.
///
/// @param digest the blob's digest
/// @param size length in bytes
/// @param createdAt when the namespace first had it
/// @param labels the namespace's labels on it
public record BlobInfo(Digest digest, long size, Instant createdAt, Map<String, String> labels) {
    public BlobInfo {
        labels = Map.copyOf(labels);
    }
}
