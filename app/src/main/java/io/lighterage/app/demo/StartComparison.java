package io.lighterage.app.demo;

import java.time.Duration;
import java.util.Optional;

/// The same start over the same slow line, once pulled and unpacked first and once mounted lazily.
///
/// @param files what it read
/// @param link over which line
/// @param eager pulled and unpacked first
/// @param lazy mounted lazily
/// @param unmounted why the tree was read within this process instead of through a mount; empty when it was mounted
public record StartComparison(StartFiles files, LinkSpeed link, Start eager, Start lazy, Optional<String> unmounted) {
    /// One start.
    ///
    /// @param ready from the reference until the last file was read
    /// @param received bytes that came over the line by then
    public record Start(Duration ready, long received) {}
}
