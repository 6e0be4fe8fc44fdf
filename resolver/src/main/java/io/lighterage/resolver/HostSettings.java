package io.lighterage.resolver;

import java.nio.file.Path;
import java.util.Optional;

/// What differs for one registry; empty where [ResolverConfig] decides.
///
/// @param plainHttp whether to speak HTTP without TLS
/// @param tlsVerify whether certificates are checked
/// @param certDirectory folder with `*.crt`, `*.cert` and `*.key`
public record HostSettings(Optional<Boolean> plainHttp, Optional<Boolean> tlsVerify, Optional<Path> certDirectory) {}
