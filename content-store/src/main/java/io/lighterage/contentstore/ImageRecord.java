package io.lighterage.contentstore;

import java.time.Instant;
import java.util.Map;

/// A name for an image in one namespace. Records are the roots of garbage collection.
///
/// @param name fully qualified reference, such as `docker.io/library/debian:12`
/// @param target what the name points at: an index or a manifest
/// @param createdAt when the name was first recorded
/// @param updatedAt when it last changed
/// @param labels free-form
public record ImageRecord(
        String name, Descriptor target, Instant createdAt, Instant updatedAt, Map<String, String> labels) {
    public ImageRecord {
        labels = Map.copyOf(labels);
    }
}
