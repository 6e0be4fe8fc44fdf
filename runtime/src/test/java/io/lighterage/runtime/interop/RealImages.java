package io.lighterage.runtime.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The images that `bench/images/make` builds from Debian packages.
final class RealImages {
    static final List<String> NAMES = List.of("web", "py", "perl", "git", "net");

    private RealImages() {}

    /// The layout of one image; skips the test, saying why, when it was not made.
    static Path layout(String name) {
        Path layout = folder().resolve(name);
        assumeTrue(
                Files.exists(layout.resolve("index.json")),
                "needs the image " + layout + "; ./verify makes it with bench/images/make");
        return layout;
    }

    private static Path folder() {
        Path at = Path.of("").toAbsolutePath();
        while (at.getParent() != null && !Files.exists(at.resolve("mvnw"))) {
            at = at.getParent();
        }
        return Path.of(System.getProperty(
                "lighterage.images", at.resolve("target/images").toString()));
    }
}
