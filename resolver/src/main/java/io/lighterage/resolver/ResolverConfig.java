package io.lighterage.resolver;

import io.lighterage.resolver.credentials.CredentialSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// How to reach registries, as the flags and the configuration file say.
///
/// @param authFile Docker `config.json` or podman `auth.json` to use instead of the usual places
/// @param credentials explicit `user:password` for every registry, or empty
/// @param tlsVerify whether certificates are checked
/// @param certDirectory folder with `*.crt`, `*.cert` and `*.key`, or empty
/// @param plainHttp whether to speak HTTP without TLS
/// @param concurrency requests in flight at once over all blobs of one source
/// @param timeout longest silence on a connection before it counts as dead
/// @param retries attempts after the first for failures worth repeating
/// @param environment environment variables (`DOCKER_CONFIG`, `XDG_RUNTIME_DIR`, …), injected for tests
/// @param linkLocal whether link-local addresses and the metadata services of clouds may be connected to: not by
///     a server that takes names from others
/// @param learned asked for credentials before all other places, or empty
/// @param hosts what differs for single registries, by host as references name it (`docker.io`,
///     `localhost:5000`)
public record ResolverConfig(
        Optional<Path> authFile,
        Optional<String> credentials,
        boolean tlsVerify,
        Optional<Path> certDirectory,
        boolean plainHttp,
        int concurrency,
        Duration timeout,
        int retries,
        Map<String, String> environment,
        boolean linkLocal,
        Optional<CredentialSource> learned,
        Map<String, HostSettings> hosts) {
    public ResolverConfig {
        hosts = Map.copyOf(hosts);
        environment = Map.copyOf(environment);
    }

    /// For somebody who names the registries himself.
    public ResolverConfig(
            Optional<Path> authFile,
            Optional<String> credentials,
            boolean tlsVerify,
            Optional<Path> certDirectory,
            boolean plainHttp,
            int concurrency,
            Duration timeout,
            int retries,
            Map<String, String> environment) {
        this(
                authFile,
                credentials,
                tlsVerify,
                certDirectory,
                plainHttp,
                concurrency,
                timeout,
                retries,
                environment,
                true,
                Optional.empty(),
                Map.of());
    }

    /// For a server that takes names from others.
    public ResolverConfig withoutLinkLocal() {
        return new ResolverConfig(
                authFile,
                credentials,
                tlsVerify,
                certDirectory,
                plainHttp,
                concurrency,
                timeout,
                retries,
                environment,
                false,
                learned,
                hosts);
    }

    /// With a source that is asked before all other places.
    public ResolverConfig withLearned(CredentialSource source) {
        return new ResolverConfig(
                authFile,
                credentials,
                tlsVerify,
                certDirectory,
                plainHttp,
                concurrency,
                timeout,
                retries,
                environment,
                linkLocal,
                Optional.of(source),
                hosts);
    }

    /// With settings for single registries.
    public ResolverConfig withHosts(Map<String, HostSettings> replaced) {
        return new ResolverConfig(
                authFile,
                credentials,
                tlsVerify,
                certDirectory,
                plainHttp,
                concurrency,
                timeout,
                retries,
                environment,
                linkLocal,
                learned,
                replaced);
    }

    /// How that registry is reached: what is set for it alone goes before what is set for all.
    ///
    /// @param domain the registry as references name it
    public ResolverConfig at(String domain) {
        HostSettings own = hosts.get(domain);
        if (own == null) {
            return this;
        }
        return new ResolverConfig(
                authFile,
                credentials,
                own.tlsVerify().orElse(tlsVerify),
                own.certDirectory().or(() -> certDirectory),
                own.plainHttp().orElse(plainHttp),
                concurrency,
                timeout,
                retries,
                environment,
                linkLocal,
                learned,
                hosts);
    }

    /// What applies where nobody says anything: environment of this process, 4 requests at once (more gains
    /// nothing on two cores and starves other users of a slow link), 30 s of silence, 5 retries.
    public static ResolverConfig defaults() {
        return new ResolverConfig(
                Optional.empty(),
                Optional.empty(),
                true,
                Optional.empty(),
                false,
                4,
                Duration.ofSeconds(30),
                5,
                System.getenv());
    }

    /// Without the credentials, so that a logged configuration gives nothing away.
    @Override
    public String toString() {
        return "ResolverConfig[plainHttp=" + plainHttp + ", tlsVerify=" + tlsVerify + ", concurrency=" + concurrency
                + "]";
    }
}
