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
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Snapshots in directories below a root, laid over each other by overlayfs; layers that a [LayerSource] has below
/// them. One process a root.
///
/// A record is the truth: a directory is made before it, and removed after it, so that a crash leaves nothing worse
/// than a directory too many. A remote layer has a directory, to be mounted on, once somebody looks.
public final class LocalSnapshotter implements Snapshotter {
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
        this.sweeper = new Sweeper(catalog, directories, layers, TakenLabels::isTaken);
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
            snapshotter.dropDeadMounts();
            snapshotter.sweeper.request();
            return snapshotter;
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /// What an earlier process mounted died with it; the layers are mounted again when somebody looks.
    private void dropDeadMounts() {
        catalog.list().stream().filter(TakenLabels::isTaken).forEach(record -> directories.detach(record.id()));
    }

    /// Whether a snapshot is of a layer that a source has taken.
    public static boolean isTaken(SnapshotRecord record) {
        return TakenLabels.isTaken(record);
    }

    @Override
    public PrepareResult prepare(SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels) {
        Optional<SnapshotRecord> top = top(parent);
        Optional<SnapshotKey> taken = taken(top, labels);
        if (taken.isPresent()) {
            return new PrepareResult.AlreadyExists(taken.get());
        }
        refuseTaken(key);
        List<SnapshotRecord> below = below(top);
        try (SnapshotDirectories.Place place = place(parent, below)) {
            SnapshotRecord record =
                    catalog.create(place.id(), SnapshotKind.ACTIVE, key, parent, TakenLabels.clients(labels));
            place.keep();
            return new PrepareResult.Mounted(List.of(shape.of(record, below)));
        }
    }

    @Override
    public List<SnapshotMount> view(SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels) {
        Optional<SnapshotRecord> top = top(parent);
        refuseTaken(key);
        List<SnapshotRecord> below = below(top);
        try (SnapshotDirectories.Place place = place(parent, below)) {
            SnapshotRecord record =
                    catalog.create(place.id(), SnapshotKind.VIEW, key, parent, TakenLabels.clients(labels));
            place.keep();
            return List.of(shape.of(record, below));
        }
    }

    /// A parent that is removed meanwhile takes its directory along: that it is gone says more than what was missed.
    private SnapshotDirectories.Place place(Optional<SnapshotKey> parent, List<SnapshotRecord> below) {
        try {
            return directories.make(ids.next(), below);
        } catch (ImageException e) {
            parent.ifPresent(key -> refuseAbsent(key, e));
            throw e;
        }
    }

    private void refuseAbsent(SnapshotKey parent, ImageException cause) {
        if (catalog.find(parent).isEmpty()) {
            throw new ImageException(ErrorKind.NOT_FOUND, "there is no snapshot " + parent, cause);
        }
    }

    /// What a snapshot on this parent lies on. May be outdated at once, which the catalog finds out.
    private Optional<SnapshotRecord> top(Optional<SnapshotKey> parent) {
        Optional<SnapshotRecord> top = parent.map(catalog::get);
        if (top.isPresent() && top.get().kind() != SnapshotKind.COMMITTED) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot put a snapshot on " + top.get().key() + ": that is "
                            + top.get().kind() + "; expected COMMITTED");
        }
        return top;
    }

    /// What has to be laid over each other below a snapshot, from the top.
    private List<SnapshotRecord> below(Optional<SnapshotRecord> top) {
        return top.map(record -> readable(TakenLabels.isTaken(record) ? List.of(record) : catalog.chain(record.key())))
                .orElse(List.of());
    }

    /// The part of a chain that has to be laid over each other: a remote layer shows what is below it, too.
    private List<SnapshotRecord> readable(List<SnapshotRecord> chain) {
        for (int i = 0; i < chain.size(); i++) {
            SnapshotRecord record = chain.get(i);
            if (TakenLabels.isTaken(record)) {
                directories.make(record.id());
                layers.check(record, directories.fs(record.id()));
                return chain.subList(0, i + 1);
            }
        }
        return chain;
    }

    /// Has the layer taken by its source, if one is meant and it can be had.
    ///
    /// @param parent what it lies on
    /// @return the committed snapshot that stands for it
    private Optional<SnapshotKey> taken(Optional<SnapshotRecord> parent, Map<String, String> labels) {
        String target = labels.getOrDefault(TARGET_LABEL, "");
        if (target.isEmpty() || !parent.map(TakenLabels::isTaken).orElse(true)) {
            return Optional.empty();
        }
        Optional<SnapshotKey> parentKey = parent.map(SnapshotRecord::key);
        SnapshotKey name = remoteName(target, parentKey);
        Optional<SnapshotRecord> known = catalog.find(name);
        if (known.isPresent()) {
            return known.filter(record -> layers.isSame(record, labels)).map(SnapshotRecord::key);
        }
        return switch (layers.take(new LayerSource.Request(target, parent, labels))) {
            case LayerSource.Answer.NotHere(String reason) -> {
                LOG.log(System.Logger.Level.INFO, () -> "layer " + target + " is left to the client: " + reason);
                yield Optional.empty();
            }
            case LayerSource.Answer.Ready ready -> recorded(name, parentKey, labels, ready);
        };
    }

    private Optional<SnapshotKey> recorded(
            SnapshotKey name,
            Optional<SnapshotKey> parent,
            Map<String, String> labels,
            LayerSource.Answer.Ready ready) {
        try {
            Map<String, String> stored = TakenLabels.of(labels, ready.labels());
            SnapshotRecord record = catalog.create(ids.next(), SnapshotKind.COMMITTED, name, parent, stored);
            if (ready.top()) {
                expect(record);
            }
            return Optional.of(record.key());
        } catch (ImageException e) {
            if (e.kind() != ErrorKind.ALREADY_EXISTS) {
                throw e;
            }
            return catalog.find(name) // taken by another call meanwhile
                    .filter(record -> layers.isSame(record, labels))
                    .map(SnapshotRecord::key);
        }
    }

    /// The layer is recorded by now: what keeps it from being mounted is told to who looks.
    private void expect(SnapshotRecord layer) {
        try {
            directories.make(layer.id());
            layers.expect(layer, directories.fs(layer.id()));
        } catch (ImageException e) {
            LOG.log(System.Logger.Level.WARNING, "not mounted ahead: " + e.getMessage(), e);
        }
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

    @Override
    public List<SnapshotMount> mounts(SnapshotKey key) {
        List<SnapshotRecord> chain = catalog.chain(key);
        SnapshotRecord record = chain.getFirst();
        if (record.kind() == SnapshotKind.COMMITTED) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot mount snapshot " + key + ": it is COMMITTED; prepare or view one on top of it");
        }
        return List.of(shape.of(record, readable(chain.subList(1, chain.size()))));
    }

    @Override
    public void commit(SnapshotKey name, SnapshotKey key, Optional<SnapshotKey> parent, Map<String, String> labels) {
        SnapshotRecord done = catalog.commit(name, key, parent, TakenLabels.clients(labels));
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
        return catalog.update(key, TakenLabels.clients(change));
    }

    @Override
    public List<SnapshotRecord> list() {
        return catalog.list();
    }

    @Override
    public SnapshotUsage usage(SnapshotKey key) {
        SnapshotRecord record = catalog.get(key);
        if (TakenLabels.isTaken(record)) {
            return SnapshotUsage.NONE; // and never walked: that would fetch all of it
        }
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
