package io.lighterage.contentstore;

/// Keeps content from the garbage collector while somebody works with it.
///
/// Closing deletes the lease. A lease that is never closed (its process died) ends at its expiry.
public interface Lease extends AutoCloseable {
    /// Identifier, unique in its namespace.
    String id();

    /// Keeps this digest, whether or not it is here yet, and everything reachable from it.
    void add(Digest digest);

    @Override
    void close();
}
