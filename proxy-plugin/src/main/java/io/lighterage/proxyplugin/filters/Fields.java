package io.lighterage.proxyplugin.filters;

import java.util.List;
import java.util.Optional;

/// What a filter is asked about.
@FunctionalInterface
public interface Fields {
    /// The value of a field; empty when there is no such field.
    ///
    /// @param path one name at least
    Optional<String> value(List<String> path);
}
