package io.lighterage.remotesnapshotter.snapshots;

import java.util.List;

/// What a client has to mount to see a snapshot; as in `mount(8)`.
///
/// @param type `bind` or `overlay`
/// @param source the directory of a bind mount
/// @param options in order
public record SnapshotMount(String type, String source, List<String> options) {
    public SnapshotMount {
        options = List.copyOf(options);
    }
}
