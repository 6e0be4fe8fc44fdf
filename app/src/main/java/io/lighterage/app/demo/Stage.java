package io.lighterage.app.demo;

import io.lighterage.app.progress.ProgressDisplay;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.RuntimeConfig;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Function;

/// What a demonstration plays on.
///
/// @param folder where everything is put
/// @param config how a store in a folder is opened
/// @param progress shows the progress of a pull, by reference
/// @param say hears what is about to happen, one sentence at a time
record Stage(
        Path folder,
        Function<Path, RuntimeConfig> config,
        Function<String, ProgressDisplay> progress,
        Consumer<String> say) {
    /// A path in the folder.
    Path at(String name) {
        return folder.resolve(name);
    }

    /// A store in the folder.
    ImageRuntime open(String root) {
        return ImageRuntime.open(config.apply(at(root)));
    }

    /// An OCI layout in the folder, as a reference.
    String layout(String name) {
        return "oci:" + at(name) + ":latest";
    }
}
