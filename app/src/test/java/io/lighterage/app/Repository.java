package io.lighterage.app;

import java.nio.file.Files;
import java.nio.file.Path;

/// Where the repository is.
final class Repository {
    private Repository() {}

    static Path top() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.exists(at.resolve("mvnw"))) {
            at = java.util.Objects.requireNonNull(at.getParent(), "not inside the repository");
        }
        return at;
    }
}
