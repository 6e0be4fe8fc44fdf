package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.disk.FileErrors;
import io.lighterage.resolver.RemoteBlob;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The layers below `layers/` of one store: those this process has open, and those that lie there for the next
/// time.
///
/// A process must have one cache per store, since the locks of [LayerPlace] are the process's. Safe for any
/// number of threads.
public final class LayerCache implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(LayerCache.class.getName());

    /// Memory for chunks that somebody waits for: three of the usual 4 MiB with their compressed bytes, or one
    /// of any size, which then has all of it.
    private static final int DEMAND_BYTES = 20 << 20;
    /// Memory for prefetch and background fetch.
    private static final int BULK_BYTES = 12 << 20;

    private final Path layers;
    private final InstantSource clock;
    private final Traffic traffic = new Traffic();
    /// By their rate. One is for all layers: a cap is one of the background as a whole.
    private final Map<Long, Pacer> pacers = new ConcurrentHashMap<>();
    private final Buffers demandBuffers = new Buffers(DEMAND_BYTES);
    private final Buffers bulkBuffers = new Buffers(BULK_BYTES);
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Digest, Slot> slots = new HashMap<>();
    private LayerTotals ended = LayerTotals.NONE;
    private boolean closed;

    /// @param root the store's directory
    public LayerCache(Path root) {
        this(root, InstantSource.system());
    }

    LayerCache(Path root, InstantSource clock) {
        this.layers = root.resolve("layers");
        this.clock = clock;
    }

    /// What several images share, and who opens it. `opening` is held while it is opened; users are guarded by
    /// the cache's lock.
    private static final class Slot {
        private final ReentrantLock opening = new ReentrantLock();
        private volatile @Nullable OpenLayer layer;
        private int users;
    }

    /// Opens a layer, or joins those who have it open.
    LazyLayer acquire(LayerOpener opener, LazyOptions options) {
        Digest digest = opener.descriptor().digest();
        Slot slot = enter(digest);
        boolean opened = false;
        RemoteBlob blob = opener.blob();
        try {
            LazyLayer layer = new LazyLayer(shared(slot, opener, blob, options), blob, () -> leave(digest, slot));
            opened = true;
            return layer;
        } finally {
            if (!opened) {
                blob.close();
                leave(digest, slot);
            }
        }
    }

    private Slot enter(Digest digest) {
        lock.lock();
        try {
            if (closed) {
                throw new ImageException(
                        ErrorKind.PRECONDITION, "cannot open layer " + digest + ": the cache is closed");
            }
            Slot slot = slots.computeIfAbsent(digest, ignored -> new Slot());
            slot.users++;
            return slot;
        } finally {
            lock.unlock();
        }
    }

    private OpenLayer shared(Slot slot, LayerOpener opener, RemoteBlob blob, LazyOptions options) {
        try {
            slot.opening.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for a layer to be opened", e);
        }
        try {
            OpenLayer known = slot.layer;
            if (known == null) {
                known = open(opener, blob, options);
                slot.layer = known;
            }
            return known;
        } finally {
            slot.opening.unlock();
        }
    }

    private OpenLayer open(LayerOpener opener, RemoteBlob blob, LazyOptions options) {
        LayerPlace place = LayerPlace.open(layers, opener.descriptor().digest());
        boolean done = false;
        try {
            LayerIndex index = opener.open(place, blob, traffic.link());
            ChunkStore store = ChunkStore.open(index, place.flat(), place.present(), demandBuffers);
            Sources sources = new Sources(index.layer());
            LayerStatistics statistics = new LayerStatistics(clock);
            long rate = options.backgroundBytesPerSecond();
            Pacer pacer = rate == 0 ? null : pacers.computeIfAbsent(rate, cap -> new Pacer(cap, System::nanoTime));
            FlatParts parts = new FlatParts(
                    index,
                    store,
                    sources,
                    traffic,
                    demandBuffers,
                    bulkBuffers,
                    pacer,
                    statistics,
                    options.readTimeout(),
                    options.background());
            FlatFile content = new FlatFile(parts, wholeFill(opener, place, index));
            done = true;
            return new OpenLayer(opener.descriptor(), place, index, content, sources, statistics);
        } finally {
            if (!done) {
                place.close();
            }
        }
    }

    private static FlatFile.WholeFill wholeFill(LayerOpener opener, LayerPlace place, LayerIndex index) {
        if (index.encoding() != Encoding.NONE) {
            return store -> {};
        }
        ReentrantLock one = new ReentrantLock();
        return store -> {
            one.lock();
            try {
                opener.restore(place, store, index);
            } finally {
                one.unlock();
            }
        };
    }

    /// Layers grow while somebody uses them, and those cannot be evicted: so it is when one is let go, and when an
    /// image has been opened, that there may be too many.
    ///
    /// @param quota as in [LazyOptions#layersQuota]
    void keep(long quota) {
        if (quota > 0) {
            try {
                long freed = trim(quota);
                LOG.log(System.Logger.Level.DEBUG, () -> "evicted " + freed + " bytes of layers");
            } catch (ImageException e) {
                LOG.log(System.Logger.Level.WARNING, "cannot keep the quota of layers: " + e.getMessage());
            }
        }
    }

    private void leave(Digest digest, Slot slot) {
        OpenLayer last = null;
        lock.lock();
        try {
            slot.users--;
            if (slot.users == 0) {
                last = slot.layer;
                if (last != null) {
                    ended = ended.plus(last.statistics()).closed();
                    last.close(); // under the lock: nobody may open the place again before it is closed
                }
                slots.remove(digest, slot);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Evicts layers that no process uses, least recently used first, until what lies below `layers/` takes no
    /// more than so many bytes.
    ///
    /// @return the bytes that were freed
    public long trim(long quota) {
        List<Stored> all = stored();
        long total = all.stream().mapToLong(Stored::bytes).sum();
        long freed = 0;
        all.sort(Comparator.comparingLong(Stored::lastUse));
        for (Stored each : all) {
            if (total - freed <= quota) {
                break;
            }
            if (evict(each.directory())) {
                freed += each.bytes();
            }
        }
        return freed;
    }

    /// Evicts all other layers, save those that some process uses.
    ///
    /// @return the bytes that were freed
    public long retain(Set<Digest> kept) {
        Set<Path> places = kept.stream()
                .map(digest -> LayerPlace.directory(layers, digest))
                .collect(Collectors.toSet());
        long freed = 0;
        for (Stored each : stored()) {
            if (each.bytes() > 0 && !places.contains(each.directory()) && evict(each.directory())) {
                freed += each.bytes();
            }
        }
        return freed;
    }

    /// Frees what a layer takes, unless somebody uses it.
    ///
    /// @return whether nothing of it is left
    public boolean evict(Digest layer) {
        Path directory = LayerPlace.directory(layers, layer);
        return !Files.exists(directory) || evict(directory);
    }

    private boolean evict(Path directory) {
        lock.lock();
        try {
            boolean ours = slots.keySet().stream()
                    .anyMatch(digest -> LayerPlace.directory(layers, digest).equals(directory));
            return !ours && LayerPlace.evict(directory);
        } finally {
            lock.unlock();
        }
    }

    /// Bytes on disk of everything below `layers/`.
    public long bytes() {
        return stored().stream().mapToLong(Stored::bytes).sum();
    }

    /// A layer on disk.
    private record Stored(Path directory, long bytes, long lastUse) {}

    private List<Stored> stored() {
        List<Stored> all = new ArrayList<>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(layers)) {
            for (Path directory : directories) {
                Path lockFile = directory.resolve("lock");
                if (Files.exists(lockFile)) {
                    all.add(new Stored(
                            directory,
                            DiskUse.of(directory),
                            Files.getLastModifiedTime(lockFile).toMillis()));
                }
            }
        } catch (NoSuchFileException e) {
            return all;
        } catch (IOException e) {
            throw FileErrors.of("cannot list layers", layers, e);
        }
        return all;
    }

    /// What happened to its layers so far.
    public LayerTotals totals() {
        lock.lock();
        try {
            LayerTotals sum = ended;
            for (Slot slot : slots.values()) {
                OpenLayer layer = slot.layer;
                sum = layer == null ? sum : sum.plus(layer.statistics());
            }
            return sum;
        } finally {
            lock.unlock();
        }
    }

    /// Refuses further layers; those open stay so until their images are closed.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
    }
}
