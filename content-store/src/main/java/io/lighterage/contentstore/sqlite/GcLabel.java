package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageException;
import java.util.Optional;

/// Reads containerd's garbage collection labels.
final class GcLabel {
    private static final String REFERENCE = "containerd.io/gc.ref.content";

    private GcLabel() {}

    /// The digest a label refers to, or empty when it is no reference. A value that is no digest refers to nothing.
    static Optional<Digest> target(String key, String value) {
        if (!key.equals(REFERENCE) && !key.startsWith(REFERENCE + ".") && !key.startsWith(REFERENCE + "/")) {
            return Optional.empty();
        }
        try {
            return Optional.of(Digest.parse(value));
        } catch (ImageException e) {
            return Optional.empty();
        }
    }
}
