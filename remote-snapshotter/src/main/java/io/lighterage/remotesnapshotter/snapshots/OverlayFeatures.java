package io.lighterage.remotesnapshotter.snapshots;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What has to be said to the overlayfs of this machine in every mount.
///
/// @param options in order
record OverlayFeatures(List<String> options) {
    private static final Path INDEX = Path.of("/sys/module/overlay/parameters/index");
    private static final Path USERS = Path.of("/proc/self/uid_map");

    /// As `user_namespaces(7)` has it for the first namespace of a machine.
    private static final String ALL_USERS = "0 0 4294967295";

    OverlayFeatures {
        options = List.copyOf(options);
    }

    static OverlayFeatures ofThisMachine() {
        List<String> options = new ArrayList<>();
        if (Files.exists(INDEX)) {
            options.add("index=off"); // an index would refuse a lower directory that lies in two overlays
        }
        if (inUserNamespace()) {
            options.add("userxattr"); // trusted.* is out of reach there
        }
        return new OverlayFeatures(options);
    }

    private static boolean inUserNamespace() {
        try {
            return !Files.readString(USERS).strip().replaceAll("\\s+", " ").equals(ALL_USERS);
        } catch (IOException e) {
            return false; // a kernel without user namespaces
        }
    }
}
