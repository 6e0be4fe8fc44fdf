package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.ByteSource;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarReader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/// Writes layers anew in a form that can be read in parts. The same tar stream, options and version give the same
/// bytes, however many processors there are.
///
/// A layer goes straight through, unless entries have to change places: because there is a priority list, or because a
/// path occurs twice, which only becomes known on the way. Then the tar stream is kept in a file beside the target.
/// Memory does not grow with the layer, save for its paths.
///
/// Safe for use by several threads; layers share the pool.
public final class LayerConverter {
    /// Bytes of holes that may be filled in one layer, 64 GiB: a few bytes of a sparse file can ask for exabytes.
    private static final long MAX_HOLES = 1L << 36;

    private final CompressionPool pool;
    private final PriorityList priorities;

    /// @param pool stays the caller's to close
    public LayerConverter(CompressionPool pool, PriorityList priorities) {
        this.pool = pool;
        this.priorities = priorities;
    }

    /// Converts one layer.
    ///
    /// @param open opens the layer's uncompressed tar stream, from its beginning; called once or twice
    /// @param target the file to write, and where its scratch files go; there may be rubbish in it after a failure
    /// @param read hears how many bytes of the tar stream were read
    /// @throws ImageException INVALID or UNSUPPORTED when the format cannot hold an entry, naming it; EXHAUSTED
    ///     when the disk is full; what the stream throws
    public ConvertedLayer convert(Supplier<ByteSource> open, Path target, LongConsumer read) {
        if (priorities.isEmpty()) {
            Optional<ConvertedLayer> straight = straight(open, target, read);
            if (straight.isPresent()) {
                return straight.get();
            }
        }
        return reordered(open, target, read);
    }

    /// @return empty when an entry takes the place of an earlier one
    private Optional<ConvertedLayer> straight(Supplier<ByteSource> open, Path target, LongConsumer read) {
        MessageDigest hasher = Digest.newHasher("sha256");
        LayerScan scan = newScan();
        try (ByteSource source = open.get();
                LayerWriter out = writer(target)) {
            TarReader reader = new TarReader(new TeeSource(source, piece -> {
                read.accept(piece.remaining());
                hasher.update(piece);
            }));
            Holes holes = new Holes();
            ChunkCuts plain = ChunkCuts.plain(pool.chunkSize());
            for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
                switch (scan.see(entry)) {
                    case KEEP -> holes.copy(entry, plain, reader, out);
                    case DROP -> {}
                    case REPLACE -> {
                        return Optional.empty();
                    }
                }
            }
            reader.drain();
            return Optional.of(out.finish(Digest.finish("sha256", hasher)));
        }
    }

    private ConvertedLayer reordered(Supplier<ByteSource> open, Path target, LongConsumer read) {
        LayerScan scan = newScan();
        try (SpooledTar tar = spool(open, target, scan, read);
                LayerWriter out = writer(target)) {
            Digest source = tar.digest();
            EntryOrder order = new EntryOrder(scan, tar);
            order.prioritize(priorities);
            Holes holes = new Holes();
            order.forEachFirst(
                    number -> holes.copy(tar.entry(number), order.cuts(number, pool.chunkSize()), tar.reader(), out));
            if (!priorities.isEmpty()) {
                out.endOfPrefetch();
            }
            ChunkCuts plain = ChunkCuts.plain(pool.chunkSize());
            order.forEachOther(number -> holes.copy(tar.entry(number), plain, tar.reader(), out));
            return out.finish(source);
        }
    }

    private static SpooledTar spool(Supplier<ByteSource> open, Path target, LayerScan scan, LongConsumer read) {
        try (ByteSource source = open.get()) {
            ByteSource counted = new TeeSource(source, piece -> read.accept(piece.remaining()));
            return SpooledTar.fill(counted, target, scan::see);
        }
    }

    private LayerWriter writer(Path target) {
        return switch (pool.form()) {
            case ESTARGZ -> new EstargzWriter(pool, target, !priorities.isEmpty());
            case ZSTD_CHUNKED -> new ZstdChunkedWriter(pool, target);
        };
    }

    private static LayerScan newScan() {
        return new LayerScan(ThreadLocalRandom.current().nextLong());
    }

    /// Fills the holes of sparse files, within limits.
    private static final class Holes {
        private long filled;

        void copy(TarEntry entry, ChunkCuts cuts, TarReader reader, LayerWriter out) {
            out.begin(PackedTar.dense(entry), cuts);
            long at = 0;
            for (ByteBuffer piece = reader.payload(); piece != null; piece = reader.payload()) {
                fill(entry, reader.payloadOffset() - at, out);
                at = reader.payloadOffset() + piece.remaining();
                out.payload(piece);
            }
            fill(entry, entry.size() - at, out);
        }

        private void fill(TarEntry entry, long count, LayerWriter out) {
            if (count == 0) {
                return;
            }
            filled += count;
            if (filled < 0 || filled > MAX_HOLES) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        "converting a layer: with entry '" + entry.name() + "' its sparse files have more than "
                                + MAX_HOLES + " bytes of holes, the limit");
            }
            out.zeros(count);
        }
    }
}
