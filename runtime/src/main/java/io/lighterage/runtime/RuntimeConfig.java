package io.lighterage.runtime;

import io.lighterage.contentstore.Namespace;
import io.lighterage.resolver.ResolverConfig;
import java.nio.file.Path;

/// Where an [ImageRuntime] keeps things and how it reaches registries.
///
/// @param root the store's directory
/// @param namespace the tenant, `default` where nobody says otherwise
/// @param resolver how to reach registries
public record RuntimeConfig(Path root, String namespace, ResolverConfig resolver) {
    /// The given root with everything else as [ResolverConfig#defaults].
    public static RuntimeConfig at(Path root) {
        return new RuntimeConfig(root, Namespace.DEFAULT, ResolverConfig.defaults());
    }

    /// The same with other resolver settings.
    public RuntimeConfig withResolver(ResolverConfig replaced) {
        return new RuntimeConfig(root, namespace, replaced);
    }
}
