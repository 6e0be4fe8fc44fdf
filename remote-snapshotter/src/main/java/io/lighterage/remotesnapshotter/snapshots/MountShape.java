package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.SnapshotKind;
import io.lighterage.contentstore.SnapshotRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// How a snapshot is mounted: where one directory holds all there is to see, bound, else as an overlay.
///
/// @param directories where snapshots lie
/// @param features options that overlayfs wants here
record MountShape(SnapshotDirectories directories, OverlayFeatures features) {
    /// @param below what it lies on, from the top
    SnapshotMount of(SnapshotRecord snapshot, List<SnapshotRecord> below) {
        boolean writable = snapshot.kind() == SnapshotKind.ACTIVE;
        if (below.isEmpty()) {
            return bind(writable ? "rw" : "ro", snapshot);
        }
        if (!writable && below.size() == 1) {
            return bind("ro", below.getFirst());
        }
        List<String> options = new ArrayList<>(features.options());
        if (writable) {
            options.add("workdir=" + directories.work(snapshot.id()));
            options.add("upperdir=" + directories.fs(snapshot.id()));
        }
        options.add("lowerdir="
                + below.stream()
                        .map(lower -> directories.fs(lower.id()).toString())
                        .collect(Collectors.joining(":")));
        return new SnapshotMount("overlay", "overlay", options);
    }

    private SnapshotMount bind(String access, SnapshotRecord snapshot) {
        return new SnapshotMount("bind", directories.fs(snapshot.id()).toString(), List.of(access, "rbind"));
    }
}
