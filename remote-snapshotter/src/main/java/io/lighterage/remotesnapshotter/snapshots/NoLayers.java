package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.SnapshotRecord;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;

/// A source without layers. Those that another one took before are out of reach.
final class NoLayers implements LayerSource {
    @Override
    public Answer take(Request request) {
        return new Answer.NotHere("this snapshotter takes no layers");
    }

    @Override
    public boolean isSame(SnapshotRecord taken, Map<String, String> labels) {
        return false;
    }

    @Override
    public void expect(SnapshotRecord layer, Path fs) {}

    @Override
    public void check(SnapshotRecord layer, Path fs) {
        throw new ImageException(
                ErrorKind.UNAVAILABLE,
                "snapshot " + layer.key() + " is a layer to be mounted, and this snapshotter mounts none; start one"
                        + " that does");
    }

    @Override
    public void release(Path fs) {}

    @Override
    public boolean keepOnly(Collection<SnapshotRecord> layers) {
        return true;
    }

    @Override
    public void close() {}
}
