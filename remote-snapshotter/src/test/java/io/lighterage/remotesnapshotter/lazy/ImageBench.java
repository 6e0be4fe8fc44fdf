package io.lighterage.remotesnapshotter.lazy;

import static io.lighterage.remotesnapshotter.lazy.TestLayer.read;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.disk.LocalStore;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.mirror.RequestRecord;
import io.lighterage.remotesnapshotter.fetch.FetchListener;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.resolver.Resolvers;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;

/// A registry with one repository `app`, a store, and the layers of one image.
final class ImageBench implements AutoCloseable {
    private final MemoryUpstream upstream = new MemoryUpstream();
    private final List<Descriptor> layers = new ArrayList<>();
    private final List<Digest> diffIds = new ArrayList<>();
    private final Path root;
    private final MirrorOptions options;
    private final LayerCache cache;
    private Optional<String> credentials = Optional.empty();
    private MirrorServer mirror;

    /// What a test does with an image.
    interface Use {
        void of(LazyImage image);
    }

    ImageBench(Path root) {
        this(root, MirrorOptions.defaults());
    }

    ImageBench(Path root, MirrorOptions options) {
        this.root = root;
        this.options = options;
        this.cache = new LayerCache(root);
        this.mirror = MirrorServer.start(options, upstream);
    }

    ImageBench withCredentials(String given) {
        credentials = Optional.of(given);
        return this;
    }

    MirrorServer mirror() {
        return mirror;
    }

    LayerCache cache() {
        return cache;
    }

    List<Descriptor> layers() {
        return layers;
    }

    List<Digest> diffIds() {
        return diffIds;
    }

    void restart() {
        mirror = MirrorServer.start(options, upstream);
    }

    void addPlain(byte[] tar) {
        byte[] blob = gzip(tar);
        Digest digest = upstream.put("app", ByteBuffer.wrap(blob));
        layers.add(new Descriptor(MediaType.OCI_LAYER_GZIP, digest, blob.length));
        diffIds.add(Digest.sha256(tar));
    }

    void add(EstargzBlob blob) {
        add(blob.descriptor(), blob.bytes());
    }

    /// A layer that may have to be pulled.
    ///
    /// @param tar what the blob holds
    void add(EstargzBlob blob, byte[] tar) {
        add(blob);
        diffIds.set(diffIds.size() - 1, Digest.sha256(tar));
    }

    /// What is in the registry besides the layers.
    MemoryUpstream upstream() {
        return upstream;
    }

    /// A layer whose blob need not be what its descriptor says.
    void add(Descriptor descriptor, byte[] bytes) {
        upstream.put("app", descriptor.digest(), ByteBuffer.wrap(bytes));
        layers.add(descriptor);
        diffIds.add(Digest.sha256(new byte[0])); // nobody should ask
    }

    void open(Use use) {
        open(LazyOptions.defaults(), use);
    }

    void open(LazyOptions how, Use use) {
        open(layers, diffIds, how, use);
    }

    /// Opens one layer as an image of its own.
    void openOnly(int layer, LazyOptions how, Use use) {
        open(layers.subList(layer, layer + 1), diffIds.subList(layer, layer + 1), how, use);
    }

    private void open(List<Descriptor> which, List<Digest> tars, LazyOptions how, Use use) {
        ResolverConfig usual = ResolverConfig.defaults();
        ResolverConfig config = new ResolverConfig(
                usual.authFile(),
                credentials,
                true,
                Optional.empty(),
                true,
                usual.concurrency(),
                usual.timeout(),
                usual.retries(),
                java.util.Map.of());
        try (LocalStore store = LocalStore.open(root, (document, bytes) -> List.of(), Clock.systemUTC())) {
            ImageSource source = Resolvers.installed().open(mirror.hostPort() + "/app:latest", config);
            try (LazyImage image = LazyImage.open(
                    cache,
                    store.namespace("default").content(),
                    source,
                    source.name(),
                    which,
                    () -> tars,
                    how,
                    new Silent())) {
                use.of(image);
            }
        }
    }

    /// Requests for blobs so far.
    List<RequestRecord> blobRequests() {
        return mirror.requests().stream()
                .filter(request -> request.path().contains("/blobs/") && request.status() < 400)
                .toList();
    }

    Path place() {
        return place(0);
    }

    Path place(int layer) {
        return LayerPlace.directory(root.resolve("layers"), layers.get(layer).digest());
    }

    static byte[] content(LazyLayer layer, String... path) {
        int inode = LayerIndex.ROOT;
        for (String name : path) {
            inode = layer.index().lookup(inode, RawName.of(name));
        }
        int size = (int) layer.index().size(inode);
        return size == 0 ? new byte[0] : read(layer.content(), layer.index().flatOffset(inode), size);
    }

    private static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    @Override
    public void close() {
        cache.close();
        mirror.close();
    }

    /// Hears nothing.
    private static final class Silent implements FetchListener {
        @Override
        public void waiting(Descriptor blob) {}

        @Override
        public void present(Descriptor blob) {}

        @Override
        public void started(Descriptor blob, long resumed) {}

        @Override
        public void received(Descriptor blob, long bytes) {}

        @Override
        public void stored(Descriptor blob) {}
    }
}
