package io.lighterage.contentstore.manifest;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.Platform;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The parts of an OCI image configuration that distribution and execution need.
///
/// @param platform os, architecture and variant
/// @param created RFC 3339 text as it stands in the document, or empty
/// @param diffIds digests of the uncompressed layers, base first
/// @param execution how to run the image
public record ImageConfig(Platform platform, String created, List<Digest> diffIds, Execution execution) {
    public ImageConfig {
        diffIds = List.copyOf(diffIds);
    }

    /// What stands for the configuration of an artifact that has none of the image kind.
    public static ImageConfig empty() {
        return new ImageConfig(new Platform("", "", ""), "", List.of(), Execution.empty());
    }

    /// The `config` object. Lists are empty and strings are empty where the document has nothing.
    public record Execution(
            String user,
            List<String> env,
            List<String> entrypoint,
            List<String> cmd,
            String workingDir,
            Optional<String> stopSignal,
            Map<String, String> labels) {
        public Execution {
            env = List.copyOf(env);
            entrypoint = List.copyOf(entrypoint);
            cmd = List.copyOf(cmd);
            labels = Map.copyOf(labels);
        }

        /// No settings at all.
        public static Execution empty() {
            return new Execution("", List.of(), List.of(), List.of(), "", Optional.empty(), Map.of());
        }
    }
}
