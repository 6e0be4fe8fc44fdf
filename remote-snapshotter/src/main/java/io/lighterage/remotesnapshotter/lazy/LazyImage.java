package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.remotesnapshotter.fetch.FetchListener;
import io.lighterage.resolver.ImageSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// An image whose layers can be read before they are here.
///
/// A layer whose descriptor names a table of contents is ready once that has been read and verified; all others
/// are pulled first. What has been opened before is opened from disk, without asking anybody anything. Safe for
/// any number of threads.
public final class LazyImage implements AutoCloseable {
    private final String name;
    private final List<LazyLayer> layers;
    private final ImageSource source;
    private final LayerCache cache;
    private final long quota;
    private final BulkFill bulk;

    private LazyImage(String name, List<LazyLayer> layers, ImageSource source, LayerCache cache, LazyOptions options) {
        this.name = name;
        this.layers = List.copyOf(layers);
        this.source = source;
        this.cache = cache;
        this.quota = options.layersQuota();
        this.bulk = new BulkFill(layers, options);
    }

    /// Opens all layers at the same time, and begins to fetch in the background.
    ///
    /// @param cache where layers lie
    /// @param content where blobs may be already, and where layers without a table of contents are pulled to
    /// @param source where blobs come from; closed when the image is, or when this fails
    /// @param layers base first
    /// @param diffIds digests of the uncompressed layers; asked for, perhaps by several threads, only when a
    ///     layer has to be pulled, so that the configuration need not be here yet
    /// @param listener hears of layers that are pulled
    /// @throws ImageException the first failure of a layer: CORRUPT or DENIED when it is not what the image
    ///     says, and what the source throws
    public static LazyImage open(
            LayerCache cache,
            ContentStore content,
            ImageSource source,
            String name,
            List<Descriptor> layers,
            Supplier<List<Digest>> diffIds,
            LazyOptions options,
            FetchListener listener) {
        @Nullable LazyLayer[] opened = new @Nullable LazyLayer[layers.size()];
        ExternalTocs tocs = new ExternalTocs(source);
        boolean done = false;
        try (TaskGroup group = new TaskGroup("open")) {
            for (int i = 0; i < layers.size(); i++) {
                int number = i;
                Supplier<Digest> diffId = () -> diffId(diffIds.get(), number, layers.size(), name);
                LayerOpener opener = new LayerOpener(content, source, layers.get(i), tocs, diffId, listener);
                group.fork(() -> {
                    LazyLayer layer = cache.acquire(opener, options);
                    opened[number] = layer;
                    return layer;
                });
            }
            group.join();
            done = true;
        } finally {
            if (!done) {
                close(opened, source);
            }
        }
        List<LazyLayer> all = new ArrayList<>();
        for (LazyLayer layer : opened) {
            if (layer != null) {
                all.add(layer);
            }
        }
        Thread.ofVirtual().name("quota-", 0).start(() -> cache.keep(options.layersQuota()));
        return new LazyImage(name, all, source, cache, options);
    }

    private static Digest diffId(List<Digest> diffIds, int number, int layers, String name) {
        if (diffIds.size() != layers) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the configuration of " + name + " lists " + diffIds.size() + " diff_ids; expected " + layers
                            + ", one for each layer of the manifest");
        }
        return diffIds.get(number);
    }

    private static void close(@Nullable LazyLayer[] layers, ImageSource source) {
        try {
            for (LazyLayer layer : layers) {
                if (layer != null) {
                    layer.close();
                }
            }
        } finally {
            source.close();
        }
    }

    public String name() {
        return name;
    }

    /// Base first.
    public List<LazyLayer> layers() {
        return layers;
    }

    /// How it is filled, besides with what is read, and why; said when it was opened, for people.
    public String plan() {
        return bulk.plan();
    }

    /// Runs an action once everything is here and the source is not needed any more, if the background sees to that; at
    /// once when it is.
    public void whenComplete(Runnable action) {
        bulk.whenDone(() -> {
            if (layers.stream().allMatch(layer -> layer.content().complete())) {
                action.run();
            }
        });
    }

    /// Tells `listener` which parts of which files are read from now on, in the order of the first reads;
    /// whoever listened before hears nothing any more.
    public void listen(DemandListener listener) {
        layers.forEach(layer -> layer.content().listen(listener));
    }

    /// Ends what is under way and lets go of the layers and the source. Reads of layers that no other image has
    /// fail from now on.
    @Override
    public void close() {
        try {
            bulk.close();
        } finally {
            close(layers.toArray(new LazyLayer[0]), source);
            cache.keep(quota);
        }
    }
}
