package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.RemoteBlob;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Where the blob of a layer can be had from: one place for each image of this process that has the layer.
final class Sources {
    private final Digest layer;
    private final List<RemoteBlob> places = new CopyOnWriteArrayList<>();

    Sources(Digest layer) {
        this.layer = layer;
    }

    void add(RemoteBlob place) {
        places.add(place);
    }

    void remove(RemoteBlob place) {
        places.remove(place);
    }

    /// @throws ImageException CANCELLED when all images with the layer are closed
    RemoteBlob current() {
        for (RemoteBlob place : places) {
            return place;
        }
        throw new ImageException(
                ErrorKind.CANCELLED, "cannot fetch bytes of layer " + layer + ": its images are closed");
    }

    /// Whether a failure of that place may be put down to the image it came from being closed, while others are
    /// open.
    boolean hasReplaced(RemoteBlob place) {
        return !places.isEmpty() && !places.contains(place);
    }

    boolean ignoreRanges() {
        for (RemoteBlob place : places) {
            return place.ignoresRanges();
        }
        return false;
    }
}
