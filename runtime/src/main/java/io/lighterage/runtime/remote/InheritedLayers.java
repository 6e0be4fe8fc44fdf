package io.lighterage.runtime.remote;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.ImageRecord;
import io.lighterage.remotesnapshotter.lazy.LazyLayer;
import io.lighterage.remotesnapshotter.mount.TreeLayer;
import io.lighterage.remotesnapshotter.mount.TreeMounter;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.OpenedImage;
import io.lighterage.runtime.ProgressListener;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Layers that containers still read which were started when an earlier process served them. Their images are opened
/// again, from what is on disk, and served as long as a snapshot needs them. Thread-safe.
final class InheritedLayers implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(InheritedLayers.class.getName());

    private final ImageRuntime runtime;
    private final TreeMounter mounter;
    private final RemoteOptions options;
    private final Map<String, Held> held = new HashMap<>();
    private boolean closed;

    /// @param served its files
    private record Held(OpenedImage image, TreeMounter.Inheritance served) implements AutoCloseable {
        @Override
        public void close() {
            served.close();
            image.close();
        }
    }

    /// Begins to open them; neither waits nor fails.
    InheritedLayers(ImageRuntime runtime, TreeMounter mounter, RemoteOptions options) {
        this.runtime = runtime;
        this.mounter = mounter;
        this.options = options;
        Set<String> wanted = new HashSet<>(mounter.inherited());
        if (wanted.isEmpty()) {
            mounter.goOn();
        } else {
            Thread.ofVirtual().name("inherited-layers").start(() -> open(wanted));
        }
    }

    private void open(Set<String> wanted) {
        try {
            for (ImageRecord record : runtime.images()) {
                openIfWanted(record, wanted);
            }
        } finally {
            mounter.goOn();
        }
        if (!wanted.isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "no image has these layers, which mounts of the process before may still read: " + wanted);
        }
    }

    /// One image that cannot be opened is no reason to leave out the others.
    private void openIfWanted(ImageRecord record, Set<String> wanted) {
        try {
            if (runtime.parts(record).stream().map(Digest::hex).anyMatch(wanted::contains)) {
                open(record.name(), wanted);
            }
        } catch (ImageException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "containers on " + record.name() + " get errors: " + e.getMessage(),
                    e);
        }
    }

    private void open(String name, Set<String> wanted) {
        OpenedImage image = runtime.open(name, Optional.empty(), options.lazy(), false, ProgressListener.NONE);
        boolean kept = false;
        try {
            List<LazyLayer> layers = image.layers().layers();
            Held now = new Held(
                    image, mounter.inherit(layers.stream().map(TreeLayer::of).toList()));
            kept = keep(name, now);
            if (kept) {
                layers.forEach(
                        layer -> wanted.remove(layer.descriptor().digest().hex()));
            } else {
                now.served().close();
            }
        } finally {
            if (!kept) {
                image.close();
            }
        }
    }

    private synchronized boolean keep(String name, Held image) {
        if (!closed) {
            held.put(name, image);
        }
        return !closed;
    }

    /// Gives up the layers of other images: no container is left that could read them.
    synchronized void keepOnly(Set<String> names) {
        held.entrySet().removeIf(each -> {
            boolean over = !names.contains(each.getKey());
            if (over) {
                each.getValue().close();
            }
            return over;
        });
    }

    @Override
    public synchronized void close() {
        closed = true;
        keepOnly(Set.of());
    }
}
