package io.lighterage.contentstore;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/// The leases of one namespace.
public interface Leases {
    /// Creates a lease that ends by itself after `ttl`.
    Lease create(Duration ttl, Map<String, String> labels);

    /// Identifiers of the leases that have not expired.
    List<String> list();

    /// @return whether there was such a lease
    boolean delete(String id);
}
