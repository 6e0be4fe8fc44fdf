package io.lighterage.resolver.registry;

import io.lighterage.resolver.ImageDestination;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.Reference;
import io.lighterage.resolver.Resolver;
import io.lighterage.resolver.ResolverConfig;
import java.nio.file.Path;
import java.util.List;

/// Resolves `docker://name` and plain names with the OCI distribution API.
public final class RegistryResolver implements Resolver {
    /// Where Docker and podman keep the certificates of registries, one folder a host.
    private static final List<Path> CERTIFICATES =
            List.of(Path.of("/etc/containers/certs.d"), Path.of("/etc/docker/certs.d"));

    private final Timing timing;
    private final List<Path> certificates;

    public RegistryResolver() {
        this(Timing.system(), CERTIFICATES);
    }

    RegistryResolver(Timing timing, List<Path> certificates) {
        this.timing = timing;
        this.certificates = List.copyOf(certificates);
    }

    @Override
    public String transport() {
        return "docker";
    }

    @Override
    public ImageSource open(String reference, ResolverConfig config) {
        return new RegistrySource(Reference.parse(reference), config, timing, certificates);
    }

    @Override
    public ImageDestination destination(String reference, ResolverConfig config) {
        return new RegistryDestination(Reference.parse(reference), config, timing, certificates);
    }
}
