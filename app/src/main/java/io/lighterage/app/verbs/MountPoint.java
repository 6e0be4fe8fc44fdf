package io.lighterage.app.verbs;

import java.io.IOException;
import java.nio.file.Path;

/// A directory as mounts know it.
final class MountPoint {
    private MountPoint() {}

    /// Absolute, its parent without symlinks. The directory itself is not looked at, since that fails when its
    /// server is gone, and waits when it hangs.
    static Path of(Path directory) {
        Path absolute = directory.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        Path name = absolute.getFileName();
        if (parent == null || name == null) {
            return absolute;
        }
        try {
            return parent.toRealPath().resolve(name);
        } catch (IOException e) {
            return absolute;
        }
    }
}
