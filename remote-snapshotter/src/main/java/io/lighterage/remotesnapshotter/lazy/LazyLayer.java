package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.resolver.RemoteBlob;
import io.lighterage.stargz.index.LayerIndex;
import java.util.concurrent.atomic.AtomicBoolean;

/// One layer of one open image. Several images of a process that have a layer share its index, its content and
/// its statistics.
public final class LazyLayer implements AutoCloseable {
    private final OpenLayer open;
    private final RemoteBlob blob;
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();

    LazyLayer(OpenLayer open, RemoteBlob blob, Runnable release) {
        this.open = open;
        this.blob = blob;
        this.release = release;
        open.sources().add(blob);
    }

    public Descriptor descriptor() {
        return open.descriptor();
    }

    public LayerIndex index() {
        return open.index();
    }

    public FlatFile content() {
        return open.content();
    }

    public LayerStatistics statistics() {
        return open.statistics();
    }

    OpenLayer shared() {
        return open;
    }

    /// Lets go of the layer. It is closed when no image has it any more, and may be evicted then.
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                open.sources().remove(blob);
                blob.close();
            } finally {
                release.run();
            }
        }
    }
}
