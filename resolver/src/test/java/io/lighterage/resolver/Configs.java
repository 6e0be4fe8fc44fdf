package io.lighterage.resolver;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Resolver configurations that touch nothing of this machine's user.
public final class Configs {
    private Configs() {}

    public static ResolverConfig plain() {
        return with(Optional.empty(), Optional.empty(), true, Optional.empty(), true, Map.of());
    }

    public static ResolverConfig secure(Path certDirectory) {
        return with(Optional.empty(), Optional.empty(), true, Optional.of(certDirectory), false, Map.of());
    }

    public static ResolverConfig automatic(boolean tlsVerify) {
        return with(Optional.empty(), Optional.empty(), tlsVerify, Optional.empty(), false, Map.of());
    }

    public static ResolverConfig withCredentials(String credentials) {
        return with(Optional.empty(), Optional.of(credentials), true, Optional.empty(), true, Map.of());
    }

    public static ResolverConfig withAuthFile(Path file) {
        return with(Optional.of(file), Optional.empty(), true, Optional.empty(), true, Map.of());
    }

    public static ResolverConfig withEnvironment(Map<String, String> environment) {
        return with(Optional.empty(), Optional.empty(), true, Optional.empty(), true, environment);
    }

    /// The same with other limits.
    public static ResolverConfig limits(ResolverConfig of, int concurrency, Duration timeout, int retries) {
        return new ResolverConfig(
                of.authFile(),
                of.credentials(),
                of.tlsVerify(),
                of.certDirectory(),
                of.plainHttp(),
                concurrency,
                timeout,
                retries,
                of.environment());
    }

    private static ResolverConfig with(
            Optional<Path> authFile,
            Optional<String> credentials,
            boolean tlsVerify,
            Optional<Path> certDirectory,
            boolean plainHttp,
            Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(environment);
        all.putIfAbsent("HOME", "/nonexistent");
        return new ResolverConfig(
                authFile, credentials, tlsVerify, certDirectory, plainHttp, 4, Duration.ofSeconds(20), 5, all);
    }
}
