package io.lighterage.runtime;

import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.ImageRecord;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.MountRecord;
import io.lighterage.contentstore.Namespace;
import io.lighterage.contentstore.Platform;
import io.lighterage.contentstore.Store;
import io.lighterage.contentstore.disk.LocalStore;
import io.lighterage.contentstore.manifest.ManifestParser;
import io.lighterage.remotesnapshotter.lazy.LayerCache;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.remotesnapshotter.mount.ErofsTreeMounter;
import io.lighterage.remotesnapshotter.mount.FastestTreeMounter;
import io.lighterage.remotesnapshotter.mount.FuseTreeMounter;
import io.lighterage.remotesnapshotter.mount.TreeMounter;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.resolver.Resolvers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// The library's front door: pulls images into a store and unpacks them, with no daemon.
///
/// Safe for use by several threads; several processes may share one root.
public final class ImageRuntime implements AutoCloseable {
    private static final int SHORTEST_DIGEST_PREFIX = 6;

    private final RuntimeConfig config;
    private final Store store;
    private final Namespace namespace;
    private final LayerCache layers;

    private final ErofsTreeMounter erofs;

    private ImageRuntime(RuntimeConfig config, Store store) {
        this.config = config;
        this.store = store;
        this.namespace = store.namespace(config.namespace());
        this.layers = new LayerCache(store.root());
        this.erofs = new ErofsTreeMounter(store.root().resolve("erofs"));
    }

    /// Loads what the first [#open] and the first pull of a process need, a third of the time that passes until the
    /// first request: a command does this while it reads its command line. Never needed.
    public static void prepare() {
        LocalStore.prepare();
        Resolvers.prepare(ResolverConfig.defaults());
    }

    /// Opens the store under `config.root()`, creating it on first use.
    ///
    /// @throws ImageException DENIED when the root cannot be written, UNSUPPORTED when a newer version made it
    public static ImageRuntime open(RuntimeConfig config) {
        Store store = LocalStore.open(
                config.root(),
                (descriptor, bytes) -> ManifestParser.parse(descriptor, bytes).children(),
                Clock.systemUTC());
        return new ImageRuntime(config, store);
    }

    /// Brings every blob of the image into the store and records its name.
    ///
    /// @param reference what the user names the image by, such as `debian:12` or `oci:dir:tag`
    /// @param platform the platform wanted; empty means this machine's
    /// @throws ImageException of the kind that fits; nothing is recorded then, and what was fetched is
    ///     reused later
    public PulledImage pull(String reference, Optional<Platform> platform, ProgressListener progress) {
        return new Pull(config, namespace, platform, progress).run(reference);
    }

    /// Pulls what is missing and unpacks the image while it arrives.
    ///
    /// `target` must not exist or be empty. Unless it is a mount point it appears in one rename, whole or not
    /// at all.
    ///
    /// @throws ImageException PRECONDITION when `target` holds something, CORRUPT when a layer is not what its
    ///     digests say, EXHAUSTED when the disk is full, or what [#pull] throws
    public UnpackedImage unpack(
            String reference, Optional<Platform> platform, Path target, UnpackForm form, ProgressListener progress) {
        Pull pull = new Pull(config, namespace, platform, progress);
        return new Unpack(pull, target, form, progress).run(reference);
    }

    /// Opens an image so that it can be mounted at once: layers with a table of contents are fetched as they are
    /// read, all others are pulled first. What is recorded here needs no registry until a missing byte is read.
    ///
    /// @param refresh whether to ask the source what the name stands for now, even where that is recorded
    /// @return to be closed when nobody reads it any more, before this runtime
    /// @throws ImageException of the kind that fits
    public OpenedImage open(
            String reference,
            Optional<Platform> platform,
            LazyOptions options,
            boolean refresh,
            ProgressListener progress) {
        return new LazyOpening(config, namespace, layers, platform, progress).run(reference, options, refresh);
    }

    /// The layers of opened images on disk.
    public LayerCache layers() {
        return layers;
    }

    /// Writes an image anew with layers that can be read in parts, for every platform or one. What was fetched for it
    /// stays in the store until the collector finds it.
    ///
    /// @param from the image, in any form [#pull] takes
    /// @param to where it goes, such as `oci:dir:tag`
    /// @throws ImageException INVALID or UNSUPPORTED when the form cannot hold a file, naming it; of the kind
    ///     that fits otherwise. What `to` stands for is as before then
    public ConvertedImage convert(String from, String to, ConvertOptions options, ProgressListener progress) {
        return new Convert(config, namespace, options, progress).run(from, to);
    }

    /// Mounts an image on a directory, read-only, and returns when its tree can be read; the bytes of its files come
    /// when they are read, verified. Layers without a table of contents are pulled first.
    ///
    /// @throws ImageException UNSUPPORTED when this machine cannot mount (the message says what it lacks),
    ///     DENIED when this user may not, CORRUPT when a table of contents is not what the manifest says, or
    ///     what [#pull] throws
    public LazyMount mount(MountRequest request, ProgressListener progress) {
        return new Mount(this, store.mounts(), mounter(request.way()), progress).run(request);
    }

    /// How [#mount] lets the kernel see trees.
    public TreeMounter mounter(MountWay way) {
        return switch (way) {
            case AUTO -> new FastestTreeMounter(erofs, new FuseTreeMounter());
            case EROFS -> erofs;
            case TREE -> new FuseTreeMounter();
        };
    }

    /// As [#mounter], so that containers go on when this process is killed and another takes over, where this machine
    /// can do that. For the one process that serves this root.
    public TreeMounter lastingMounter(MountWay way) {
        ErofsTreeMounter lasting = ErofsTreeMounter.lasting(store.root().resolve("erofs"));
        return switch (way) {
            case AUTO -> new FastestTreeMounter(lasting, new FuseTreeMounter());
            case EROFS -> lasting;
            case TREE -> new FuseTreeMounter();
        };
    }

    /// Starts an image on its lazy mount by runc, and notes what is read until it is ready. Needs root and runc.
    ///
    /// @throws ImageException what [#mount] throws, and what the container's start does
    public Recorded record(RecordRequest request, ProgressListener progress) {
        return new Recording(this, store.root().resolve("run"), progress).run(request);
    }

    /// What is known of mounts on this store, the latest first, also of those that have ended.
    public List<MountRecord> mounts() {
        return store.mounts().list();
    }

    /// The image's documents: from the store when it is recorded there and `remote` is false, else from its source.
    public ImageDocuments documents(String reference, Optional<Platform> platform, boolean remote) {
        try (ImageSource source = Resolvers.installed().open(reference, config.resolver())) {
            Optional<ImageRecord> here =
                    remote ? Optional.empty() : namespace.images().get(source.name());
            Descriptor target = here.map(ImageRecord::target).orElseGet(source::resolve);
            boolean local = here.isPresent();
            Function<Descriptor, byte[]> documents =
                    local ? new DocumentReader(namespace.content(), source)::get : source::document;
            Resolution image = new ManifestChooser(documents, platform).choose(source.name(), target);
            byte[] configuration = documents.apply(image.manifest().config());
            return new ImageDocuments(
                    image.name(),
                    target,
                    image.documents().getFirst().text(),
                    image.manifestDescriptor(),
                    image.documents().getLast().text(),
                    new String(configuration, StandardCharsets.UTF_8),
                    local);
        }
    }

    /// The recorded images, ordered by name.
    public List<ImageRecord> images() {
        return namespace.images().list();
    }

    /// Bytes the image's blobs take, all platforms that are here; blobs shared with other images included.
    public long sizeOf(ImageRecord image) {
        return sizeOf(image.target(), new HashSet<>());
    }

    private long sizeOf(Descriptor descriptor, Set<Digest> counted) {
        ContentStore content = namespace.content();
        if (content.info(descriptor.digest()).isEmpty() || !counted.add(descriptor.digest())) {
            return 0;
        }
        long bytes = descriptor.size();
        if (MediaType.isIndex(descriptor.mediaType()) || MediaType.isManifest(descriptor.mediaType())) {
            byte[] document = Documents.read(content, descriptor);
            for (Descriptor child : ManifestParser.parse(descriptor, document).children()) {
                bytes += sizeOf(child, counted);
            }
        }
        return bytes;
    }

    /// Forgets a name (given in any form [#pull] takes, or a prefix of its digest of at least 6 hex digits); the
    /// collector frees the bytes. Returns the record that was removed.
    ///
    /// @throws ImageException NOT_FOUND when nothing has that name, PRECONDITION when a prefix fits several images
    public ImageRecord remove(String reference) {
        ImageRecord found = byDigestPrefix(reference).orElseGet(() -> byName(reference));
        namespace.images().delete(found.name());
        return found;
    }

    /// Records an image that is here under a further name.
    public ImageRecord record(String name, Descriptor target) {
        return namespace.images().put(name, target, Map.of());
    }

    /// Forgets a name as it is recorded, if it is.
    public void forget(String name) {
        boolean ignored = namespace.images().delete(name);
    }

    /// Forgets images that were opened lazily, with their layers on disk, and collects garbage.
    ///
    /// @param names as they are recorded
    /// @return false when some layer is still used, by a mount of another process, say; its image stays recorded
    public boolean forgetLazily(Collection<String> names) {
        return new Forgetting(store, namespace, layers).run(names);
    }

    /// Frees layers of lazily opened images that no image of any namespace has and nobody uses: those of images that
    /// were removed, and of openings that failed.
    ///
    /// @return bytes
    public long freeStrayLayers() {
        return new Forgetting(store, namespace, layers).strays();
    }

    /// Digests of what is known of an image: its documents, configurations and layers.
    public Set<Digest> parts(ImageRecord image) {
        return new Forgetting(store, namespace, layers).parts(image);
    }

    private ImageRecord byName(String reference) {
        try (ImageSource source = Resolvers.installed().open(reference, config.resolver())) {
            return namespace
                    .images()
                    .get(source.name())
                    .orElseThrow(() -> new ImageException(
                            ErrorKind.NOT_FOUND,
                            "no image is recorded as " + source.name() + " in namespace " + namespace.name()
                                    + "; 'lighter images' lists those that are"));
        }
    }

    private Optional<ImageRecord> byDigestPrefix(String text) {
        String prefix = text.startsWith("sha256:") ? text.substring("sha256:".length()) : text;
        if (prefix.length() < SHORTEST_DIGEST_PREFIX || !prefix.matches("[0-9a-f]+")) {
            return Optional.empty();
        }
        List<ImageRecord> fitting = images().stream()
                .filter(image -> image.target().digest().hex().startsWith(prefix))
                .toList();
        if (fitting.size() > 1) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "'" + text + "' fits " + fitting.size() + " images; expected one. Name it in full");
        }
        return fitting.stream().findFirst();
    }

    /// The store itself, for `gc` and `fsck`.
    public Store store() {
        return store;
    }

    @Override
    public void close() {
        try (store) {
            layers.close();
        }
    }
}
