package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.manifest.ImageConfig;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// An image to be started once.
///
/// @param lowers its read-only trees, topmost first; one where a whole image is mounted
/// @param config its configuration
/// @param command replaces its entrypoint and command; empty keeps them
/// @param network which network it sees
/// @param until ends the run when printed
/// @param limit the longest it may take
/// @param out gets what it prints to standard output
/// @param err gets what it prints to standard error
public record StartRequest(
        List<Path> lowers,
        ImageConfig config,
        List<String> command,
        BundleSpec.Network network,
        Optional<ReadyLine> until,
        Duration limit,
        OutputStream out,
        OutputStream err) {
    public StartRequest {
        lowers = List.copyOf(lowers);
        command = List.copyOf(command);
    }
}
