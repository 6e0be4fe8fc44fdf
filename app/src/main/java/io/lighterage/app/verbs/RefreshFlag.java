package io.lighterage.app.verbs;

import picocli.CommandLine.Option;

/// The flag of the verbs that use what is recorded of an image.
final class RefreshFlag {
    @Option(
            names = "--refresh",
            description = "Ask the registry what REF stands for, although the image is recorded here.")
    private boolean refresh;

    boolean wanted() {
        return refresh;
    }
}
