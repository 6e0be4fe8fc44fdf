package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.LabelUpdate;
import io.lighterage.contentstore.SnapshotCatalog;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotKind;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.contentstore.SnapshotUsage;
import io.lighterage.linux.ErrnoException;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.linux.NativeMountCalls;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Snapshots in directories below a root, laid over each other by overlayfs; layers that a [LayerSource] mounts among
/// them. One process a root.
///
/// A record is the truth: a directory is made before it, and removed after it, so that a crash leaves nothing worse
/// than a directory too many.
public final class LocalSnapshotter implements Snapshotter {
    /// On a committed snapshot that a layer source has mounted.
    public static final String REMOTE_LABEL = "containerd.io/snapshot/remote";

    private static final String REMOTE_VALUE = "remote snapshot";
    private static final System.Logger LOG = System.getLogger(LocalSnapshotter.class.getName());

    private final FileCalls calls = new NativeFileCalls();
    private final SnapshotCatalog catalog;
    private final LayerSource layers;
    private final RootLock lock;
    private final SnapshotDirectories directories;
    private final MountShape shape;
    private final SnapshotIds ids;
    private final Sweeper sweeper;

    private LocalSnapshotter(SnapshotCatalog catalog, LayerSource layers, RootLock lock, Path root) {
        this.catalog = catalog;
        this.layers = layers;
        this.lock = lock;
        this.directories = SnapshotDirectories.open(calls, new NativeMountCalls(), root);
        this.shape = new MountShape(directories, OverlayFeatures.ofThisMachine());
        this.ids = new SnapshotIds(catalog);
        this.sweeper = new Sweeper(catalog, directories, layers);
    }

    /// Takes over what an earlier process left, and begins to remove what belongs to no snapshot.
    ///
    /// @param root an existing directory
    /// @param layers closed with the snapshotter
    /// @throws ImageException PRECONDITION when another process keeps snapshots there
    public static LocalSnapshotter open(Path root, SnapshotCatalog catalog, LayerSource layers) {
        RootLock lock = RootLock.take(root);
        try {
            LocalSnapshotter snapshotter = new LocalSnapshotter(catalog, layers, lock, root);
            snapshotter.sweeper.request();
            return snapshotter;
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    @Override
    public PrepareResult prepare(SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels) {
        String target = labels.getOrDefault(TARGET_LABEL, "");
        if (!target.isEmpty()) {
            SnapshotKey name = remoteName(target, parent);
            if (catalog.find(name).isPresent()) {
                return new PrepareResult.AlreadyExists(name);
            }
        }
        refuseTaken(key);
        List<SnapshotRecord> below = below(parent);
        try (SnapshotDirectories.Place place = directories.make(ids.next(), below)) {
            if (!target.isEmpty() && mountRemote(place, target, parent, labels)) {
                return new PrepareResult.AlreadyExists(remoteName(target, parent));
            }
            SnapshotRecord record = catalog.create(place.id(), SnapshotKind.ACTIVE, key, parent, labels);
            place.keep();
            return new PrepareResult.Mounted(List.of(shape.of(record, below)));
        }
    }

    @Override
    public List<SnapshotMount> view(SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels) {
        refuseTaken(key);
        List<SnapshotRecord> below = below(parent);
        try (SnapshotDirectories.Place place = directories.make(ids.next(), below)) {
            SnapshotRecord record = catalog.create(place.id(), SnapshotKind.VIEW, key, parent, labels);
            place.keep();
            return List.of(shape.of(record, below));
        }
    }

    /// What a snapshot on this parent lies on. May be outdated at once, which the catalog finds out.
    private List<SnapshotRecord> below(Optional<SnapshotKey> parent) {
        if (parent.isEmpty()) {
            return List.of();
        }
        List<SnapshotRecord> below = catalog.chain(parent.get());
        SnapshotRecord top = below.getFirst();
        if (top.kind() != SnapshotKind.COMMITTED) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot put a snapshot on " + top.key() + ": that is " + top.kind() + "; expected COMMITTED");
        }
        below.forEach(this::check);
        return below;
    }

    /// @return whether the layer is a committed snapshot now
    private boolean mountRemote(
            SnapshotDirectories.Place place, String target, Optional<SnapshotKey> parent, Map<String, String> labels) {
        return switch (layers.mount(new LayerSource.Request(target, parent, labels, place.fs()))) {
            case LayerSource.Answer.NotHere(String reason) -> {
                LOG.log(System.Logger.Level.DEBUG, () -> "layer " + target + " is not mounted: " + reason);
                yield false;
            }
            case LayerSource.Answer.Ready() -> {
                Map<String, String> stored = new HashMap<>(labels);
                stored.put(REMOTE_LABEL, REMOTE_VALUE);
                try {
                    catalog.create(place.id(), SnapshotKind.COMMITTED, remoteName(target, parent), parent, stored);
                    place.keep();
                } catch (ImageException e) {
                    layers.release(place.fs());
                    if (e.kind() != ErrorKind.ALREADY_EXISTS) {
                        throw e;
                    }
                    LOG.log(System.Logger.Level.DEBUG, () -> "layer " + target + " was mounted meanwhile");
                }
                yield true;
            }
        };
    }

    /// The target alone would not do: two namespaces may have it on parents of different names.
    private static SnapshotKey remoteName(String target, Optional<SnapshotKey> parent) {
        if (parent.isEmpty()) {
            return SnapshotKey.of("remote " + target);
        }
        MessageDigest hasher = Digest.newHasher("sha256");
        hasher.update(parent.get().toBytes());
        return SnapshotKey.of(
                "remote " + target + " on " + Digest.finish("sha256", hasher).hex());
    }

    /// Found again, with the force of a constraint, when the record is made; this spares making directories.
    private void refuseTaken(SnapshotKey key) {
        if (catalog.find(key).isPresent()) {
            throw new ImageException(ErrorKind.ALREADY_EXISTS, "there is a snapshot " + key + " already");
        }
    }

    private void check(SnapshotRecord layer) {
        if (layer.labels().containsKey(REMOTE_LABEL)) {
            layers.check(layer, directories.fs(layer.id()));
        }
    }

    @Override
    public List<SnapshotMount> mounts(SnapshotKey key) {
        List<SnapshotRecord> chain = catalog.chain(key);
        SnapshotRecord record = chain.getFirst();
        if (record.kind() == SnapshotKind.COMMITTED) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot mount snapshot " + key + ": it is COMMITTED; prepare or view one on top of it");
        }
        List<SnapshotRecord> below = chain.subList(1, chain.size());
        below.forEach(this::check);
        return List.of(shape.of(record, below));
    }

    @Override
    public void commit(SnapshotKey name, SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels) {
        SnapshotRecord done = catalog.commit(name, key, parent, labels);
        assert done.kind() == SnapshotKind.COMMITTED;
    }

    @Override
    public void remove(SnapshotKey key) {
        SnapshotRecord removed = catalog.remove(key);
        layers.release(directories.fs(removed.id()));
        directories.detach(removed.id());
        sweeper.request();
    }

    @Override
    public SnapshotRecord stat(SnapshotKey key) {
        return catalog.get(key);
    }

    @Override
    public SnapshotRecord update(SnapshotKey key, LabelUpdate change) {
        return catalog.update(key, change);
    }

    @Override
    public List<SnapshotRecord> list() {
        return catalog.list();
    }

    @Override
    public SnapshotUsage usage(SnapshotKey key) {
        SnapshotRecord record = catalog.get(key);
        return switch (record.kind()) {
            case VIEW -> SnapshotUsage.NONE;
            case ACTIVE -> measure(record);
            case COMMITTED ->
                record.usage().orElseGet(() -> {
                    SnapshotUsage usage = measure(record); // the same whenever it is asked: nobody writes any more
                    catalog.measured(record.id(), usage);
                    return usage;
                });
        };
    }

    private SnapshotUsage measure(SnapshotRecord record) {
        try {
            return TreeUsage.of(calls, directories.fs(record.id()));
        } catch (ErrnoException e) {
            throw catalog.find(record.key()).isEmpty()
                    ? new ImageException(ErrorKind.NOT_FOUND, "there is no snapshot " + record.key(), e)
                    : SnapshotDirectories.failure("cannot measure snapshot " + record.key(), e);
        }
    }

    @Override
    public void cleanup() {
        sweeper.sweep();
    }

    @Override
    public void close() {
        sweeper.close();
        layers.close();
        directories.close();
        lock.close();
    }
}
