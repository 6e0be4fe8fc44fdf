package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.SnapshotRecord;
import java.nio.file.Path;

/// A source without layers. Those that another one mounted before are out of reach.
final class NoLayers implements LayerSource {
    @Override
    public Answer mount(Request request) {
        return new Answer.NotHere("this snapshotter mounts no layers");
    }

    @Override
    public void check(SnapshotRecord layer, Path fs) {
        throw new ImageException(
                ErrorKind.UNAVAILABLE,
                "snapshot " + layer.key() + " is a layer that was mounted, and this snapshotter mounts none; start one"
                        + " that does");
    }

    @Override
    public void release(Path fs) {}

    @Override
    public void close() {}
}
