package io.lighterage.resolver.credentials;

import java.util.List;
import java.util.Optional;

/// Looks up the secret for a registry. Asked only once a registry wants to know who we are.
public interface CredentialSource {
    /// @param domain registry as it stands in a canonical name, with its port: `docker.io`, `localhost:5000`
    /// @param repository path below it, for files that hold one secret for each part of a registry
    /// @return empty when this source has none, which means anonymous access
    /// @throws io.lighterage.contentstore.ImageException INVALID when a file is malformed, UNAUTHENTICATED when a
    ///     credential helper fails
    Optional<Credential> find(String domain, String repository);

    /// All that may fit, the most likely first: where the registry refuses one, the next is tried.
    ///
    /// @return empty when this source has none
    /// @throws io.lighterage.contentstore.ImageException as [#find]
    default List<Credential> findAll(String domain, String repository) {
        return find(domain, repository).map(List::of).orElse(List.of());
    }
}
