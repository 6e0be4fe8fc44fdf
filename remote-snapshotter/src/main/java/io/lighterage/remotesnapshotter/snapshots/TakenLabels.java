package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.LabelUpdate;
import io.lighterage.contentstore.SnapshotKind;
import io.lighterage.contentstore.SnapshotRecord;
import java.util.HashMap;
import java.util.Map;

/// The labels by which a snapshot of a layer that a [LayerSource] has taken is known. Clients cannot set them, lest an
/// empty directory be taken for a layer, nor remove them, lest a layer be taken for an empty directory.
final class TakenLabels {
    /// What clients of other snapshotters look for.
    static final String REMOTE = "containerd.io/snapshot/remote";

    private static final String REMOTE_VALUE = "remote snapshot";
    private static final String OURS = "io.lighterage/";
    private static final String MARK = OURS + "taken";

    private TakenLabels() {}

    static boolean isTaken(SnapshotRecord record) {
        return record.kind() == SnapshotKind.COMMITTED && record.labels().containsKey(MARK);
    }

    /// @param labels of the call
    /// @param own those of the source, which begin with `io.lighterage/`
    static Map<String, String> of(Map<String, String> labels, Map<String, String> own) {
        Map<String, String> all = clients(labels);
        all.putAll(own);
        all.put(REMOTE, REMOTE_VALUE);
        all.put(MARK, "yes");
        return all;
    }

    /// Those of them that a client may set.
    static Map<String, String> clients(Map<String, String> labels) {
        Map<String, String> left = new HashMap<>(labels);
        left.keySet().removeIf(key -> key.startsWith(OURS));
        return left;
    }

    /// The change without what it would do to labels of ours.
    static LabelUpdate clients(LabelUpdate change) {
        return new LabelUpdate.Keeping(
                change, (key, present) -> key.startsWith(OURS) || (key.equals(REMOTE) && present.containsKey(MARK)));
    }
}
