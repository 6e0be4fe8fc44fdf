package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.contentstore.disk.FileErrors;
import io.lighterage.remotesnapshotter.fetch.FetchListener;
import io.lighterage.remotesnapshotter.fetch.LayerFetch;
import io.lighterage.remotesnapshotter.fetch.LayerFetcher;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.RemoteBlob;
import io.lighterage.stargz.format.DetachedLayer;
import io.lighterage.stargz.format.LazyFormats;
import io.lighterage.stargz.format.UnverifiedLayer;
import io.lighterage.stargz.format.VerifiedLayer;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/// Gets the index of a layer: from disk, from the table of contents in its blob or in the image beside its own, or
/// by pulling all of it.
///
/// @param content where whole blobs may be already
/// @param source where blobs come from
/// @param descriptor the layer
/// @param tocs tables of contents that are in no blob of the image
/// @param diffId digest of the uncompressed layer; asked for only when all of the layer is pulled
/// @param listener hears of layers that are pulled
record LayerOpener(
        ContentStore content,
        ImageSource source,
        Descriptor descriptor,
        ExternalTocs tocs,
        Supplier<Digest> diffId,
        FetchListener listener) {
    /// Longest chunk, compressed range, or sum of the chunks of one range that is fetched on demand: it is held
    /// in memory whole. Writers make 64 KiB to 4 MiB. A layer with longer ones is pulled.
    static final long LONGEST = 32L << 20;

    private static final System.Logger LOG = System.getLogger(LayerOpener.class.getName());

    /// Where the blob is: in the store, or at its source.
    RemoteBlob blob() {
        return content.info(descriptor.digest()).isPresent()
                ? RemoteBlob.near(content.open(descriptor.digest()))
                : source.blob(descriptor);
    }

    /// @param link learns from what is read
    /// @throws ImageException CORRUPT or DENIED when the layer is not what the image says, and what the source
    ///     throws
    LayerIndex open(LayerPlace place, RemoteBlob blob, LinkEstimate link) {
        while (true) {
            boolean holdsFill = place.awaitFillOrIndex();
            if (Files.exists(place.index())) {
                try {
                    return checked(LayerIndex.open(place.index()));
                } catch (ImageException e) {
                    discard(place, holdsFill, e);
                }
            }
            if (holdsFill) {
                return make(place, blob, link);
            }
        }
    }

    private LayerIndex checked(LayerIndex index) {
        if (!index.layer().equals(descriptor.digest())) {
            throw new ImageException(ErrorKind.CORRUPT, "it is the index of layer " + index.layer());
        }
        return index;
    }

    private void discard(LayerPlace place, boolean holdsFill, ImageException damage) {
        if (damage.kind() != ErrorKind.CORRUPT && damage.kind() != ErrorKind.UNSUPPORTED) {
            throw damage;
        }
        if (!holdsFill) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot open layer " + descriptor.digest() + ": its index on disk is damaged ("
                            + damage.getMessage()
                            + ") and another process has the layer mounted; unmount it there first",
                    damage);
        }
        LOG.log(
                System.Logger.Level.WARNING,
                "making the index of layer {0} again: {1}",
                descriptor.digest(),
                damage.getMessage());
        LayerPlace.delete(place.index());
    }

    private LayerIndex make(LayerPlace place, RemoteBlob blob, LinkEstimate link) {
        if (LazyFormats.plan(descriptor).isEmpty()) {
            return pull(place);
        }
        return switch (LazyFormats.read(descriptor, (offset, length) -> measured(blob, offset, length, link))) {
            case UnverifiedLayer layer -> write(place, layer.verify());
            case DetachedLayer layer -> makeDetached(place, layer);
        };
    }

    private LayerIndex makeDetached(LayerPlace place, DetachedLayer layer) {
        if (content.info(descriptor.digest()).isPresent()) {
            return pull(place); // all of it is here, so nobody need be asked
        }
        return switch (tocs.find(descriptor, layer)) {
            case TocSearch.Found(VerifiedLayer verified) -> write(place, verified);
            case TocSearch.Absent(String why) -> {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "pulling all of layer {0}, whose table of contents is not in its blob: {1}",
                        descriptor.digest(),
                        why);
                yield pull(place);
            }
        };
    }

    private LayerIndex write(LayerPlace place, VerifiedLayer verified) {
        Path made = LayerPlace.made(place.index());
        LayerIndex index = verified.writeIndex(made);
        if (!canBeFetched(index)) {
            LayerPlace.delete(made);
            return pull(place);
        }
        publish(made, place.index());
        return index;
    }

    private static ByteBuffer measured(RemoteBlob blob, long offset, long length, LinkEstimate link) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(length));
        long begun = System.nanoTime();
        AtomicLong firstByte = new AtomicLong();
        blob.stream(offset, length, RemoteBlob.DEMAND, piece -> {
            firstByte.compareAndSet(0, System.nanoTime());
            bytes.put(piece);
        });
        if (bytes.position() > 0) {
            link.learn(firstByte.get() - begun, bytes.position(), System.nanoTime() - firstByte.get());
        }
        return bytes.flip();
    }

    /// A stretch of a blob that somebody waits for.
    static ByteBuffer read(RemoteBlob blob, long offset, long length) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(length));
        blob.stream(offset, length, RemoteBlob.DEMAND, bytes::put);
        return bytes.flip();
    }

    /// Whether every chunk can be had within the limits of memory.
    static boolean canBeFetched(LayerIndex index) {
        if (index.encoding() == Encoding.NONE) {
            return false;
        }
        BlobOrder order = new BlobOrder(index);
        long begin = -1;
        long sum = 0;
        for (int position = 0; position < order.count(); position++) {
            int chunk = order.chunkAt(position);
            if (index.chunkIsHole(chunk)) {
                continue;
            }
            sum = index.chunkBlobOffset(chunk) == begin ? sum + index.chunkLength(chunk) : index.chunkLength(chunk);
            begin = index.chunkBlobOffset(chunk);
            if (sum > LONGEST || index.chunkBlobEnd(chunk) - begin > LONGEST) {
                return false;
            }
        }
        return true;
    }

    private LayerIndex pull(LayerPlace place) {
        Path flat = LayerPlace.made(place.flat());
        Path made = LayerPlace.made(place.index());
        LayerIndex index = fill(flat, made);
        publish(flat, place.flat());
        PresenceFile.createComplete(place.present(), index.chunkCount()).close();
        publish(made, place.index());
        return index;
    }

    private LayerIndex fill(Path flat, Path index) {
        try (TaskGroup group = new TaskGroup("layer-" + descriptor.digest().shortHex())) {
            LayerFetch fetch = new LayerFetcher(content, source, listener)
                    .start(group, List.of(descriptor))
                    .getFirst();
            try (Blob bytes = fetch.bytes()) {
                LayerIndex made = new EagerFill(descriptor.digest(), diffId.get()).run(bytes, flat, index);
                fetch.awaitStored();
                group.join();
                return made;
            } catch (ImageException e) {
                throw group.rootCause(e);
            }
        }
    }

    /// Restores chunks of a pulled layer that were found damaged on disk: pulls it once more beside the flat
    /// file, which comes out the same, and copies what differs.
    void restore(LayerPlace place, ChunkStore store, LayerIndex index) {
        Path flat = place.flat().resolveSibling("restored.flat.new");
        Path made = place.flat().resolveSibling("restored.index.new");
        try {
            LayerIndex same = fill(flat, made);
            if (same.chunkCount() != index.chunkCount() || same.flatSize() != index.flatSize()) {
                throw new ImageException(
                        ErrorKind.CORRUPT, "the index of layer " + descriptor.digest() + " is not that of its blob");
            }
            try (ChunkReader reader = new ChunkReader(flat, index)) {
                for (int chunk = 0; chunk < index.chunkCount(); chunk++) {
                    if (!store.check(chunk)) {
                        store.put(chunk, reader.read(chunk));
                    }
                }
            }
        } finally {
            LayerPlace.delete(flat);
            LayerPlace.delete(made);
        }
    }

    private static void publish(Path made, Path file) {
        try {
            Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw FileErrors.writing("cannot publish", file, e);
        }
    }
}
