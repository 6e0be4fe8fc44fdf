package io.lighterage.runtime;

import io.lighterage.runtime.bundle.BundleSpec;
import io.lighterage.runtime.bundle.ReadyLine;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// An image to be started once, so that what its start reads is known.
///
/// @param mount the image and how its bytes come; its directory is made and removed again
/// @param eager whether the image is pulled and unpacked first instead, for comparison; nothing is recorded then
/// @param command replaces the image's entrypoint and command; empty keeps them
/// @param until the line that says that it is ready; empty means that it runs until it ends or `limit` has passed
/// @param limit the longest it may take
/// @param network which network it sees
/// @param out gets what it prints to standard output
/// @param err gets what it prints to standard error
public record RecordRequest(
        MountRequest mount,
        boolean eager,
        List<String> command,
        Optional<ReadyLine> until,
        Duration limit,
        BundleSpec.Network network,
        OutputStream out,
        OutputStream err) {
    public RecordRequest {
        command = List.copyOf(command);
    }
}
