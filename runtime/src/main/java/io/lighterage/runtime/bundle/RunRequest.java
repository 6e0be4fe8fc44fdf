package io.lighterage.runtime.bundle;

import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// One run of a container.
///
/// @param bundle the bundle's directory; also keeps runc's state and log
/// @param id what it is called
/// @param until ends the run when printed, to either stream
/// @param limit ends the run; the longest it may take
/// @param out gets what it prints to standard output
/// @param err gets what it prints to standard error
public record RunRequest(
        Path bundle, String id, Optional<ReadyLine> until, Duration limit, OutputStream out, OutputStream err) {
    public RunRequest {
        bundle = bundle.toAbsolutePath().normalize();
        if (!id.matches("[A-Za-z0-9][A-Za-z0-9_+.-]{0,127}")) {
            throw new IllegalArgumentException("'" + id + "' cannot name a container");
        }
        if (limit.isNegative() || limit.isZero()) {
            throw new IllegalArgumentException("a run of " + limit + " is none");
        }
    }
}
