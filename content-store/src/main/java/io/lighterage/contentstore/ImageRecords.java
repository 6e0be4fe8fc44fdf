package io.lighterage.contentstore;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The image names of one namespace.
public interface ImageRecords {
    Optional<ImageRecord> get(String name);

    /// Every record, ordered by name.
    List<ImageRecord> list();

    /// Creates the record or points it at a new target. `labels` replace the old ones.
    ImageRecord put(String name, Descriptor target, Map<String, String> labels);

    /// @return whether there was such a record
    boolean delete(String name);
}
