package io.lighterage.stargz;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.compress.Decompression;
import io.lighterage.stargz.compress.DecompressionLimits;
import io.lighterage.stargz.compress.GzipEngine;
import io.lighterage.stargz.compress.GzipEngines;
import io.lighterage.stargz.format.LazyTargets;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Supplier;

/// What any bytes at all may do to the parsers: give entries or a named failure, and nothing else.
///
/// Every method here takes arbitrary bytes and throws [AssertionError] or something unexpected when a promise is
/// broken. They serve the seeded tests, and a coverage-guided fuzzer through [#fuzzerTestOneInput].
public final class FuzzTargets {
    /// The kinds by which bytes may be refused.
    private static final Set<ErrorKind> REFUSALS =
            EnumSet.of(ErrorKind.CORRUPT, ErrorKind.INVALID, ErrorKind.UNSUPPORTED);

    /// Small, so that a bomb is one soon.
    private static final DecompressionLimits LIMITS = new DecompressionLimits(64 << 20, 250, 4 << 20);

    private FuzzTargets() {}

    /// The door that Jazzer's command line looks for: as an archive, as a layer, as an index, as a lazy blob, as one
    /// whose table of contents is elsewhere, as a footer, as a table of contents.
    public static void fuzzerTestOneInput(byte[] bytes) {
        tar(bytes);
        layer(bytes);
        index(bytes);
        LazyTargets.blob(bytes);
        LazyTargets.detached(bytes);
        LazyTargets.footer(bytes);
        LazyTargets.toc(bytes);
    }

    /// Reads the bytes as an uncompressed archive.
    ///
    /// @return the number of entries before the end or the failure
    public static int tar(byte[] bytes) {
        return tar(Sources.of(bytes, 1 + bytes.length / 3), bytes.length);
    }

    private static int tar(ByteSource source, long length) {
        TarReader reader = new TarReader(source);
        int entries = 0;
        try {
            for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
                entries++;
                check(entry, entries % 2 == 0 ? reader : null);
            }
            reader.drain();
        } catch (ImageException e) {
            checkRefusal(e);
        }
        if (reader.position() > length) {
            throw new AssertionError("position " + reader.position() + " is past the end");
        }
        return entries;
    }

    private static void check(TarEntry entry, @org.jspecify.annotations.Nullable TarReader payload) {
        boolean regular = entry.type() == TarEntry.Type.REGULAR;
        boolean sane = entry.size() >= 0
                && (regular || entry.size() == 0)
                && entry.mode() == (entry.mode() & 07777)
                && entry.modifyNanos() >= 0
                && entry.modifyNanos() < 1_000_000_000;
        if (!sane) {
            throw new AssertionError("not a possible entry: " + entry);
        }
        if (payload == null) {
            return;
        }
        long end = 0;
        for (ByteBuffer piece = payload.payload(); piece != null; piece = payload.payload()) {
            if (!piece.hasRemaining() || payload.payloadOffset() < end) {
                throw new AssertionError("pieces out of order in " + entry);
            }
            end = payload.payloadOffset() + piece.remaining();
        }
        if (end > entry.size()) {
            throw new AssertionError("payload of " + end + " bytes in " + entry);
        }
    }

    /// Reads the bytes as a layer blob, with every engine, which must agree.
    public static void layer(byte[] bytes) {
        Set<String> outcomes = new java.util.HashSet<>();
        for (Supplier<GzipEngine> engine : GzipEngines.all()) {
            Decompression.Settings settings = new Decompression.Settings("the layer", LIMITS, engine, 1);
            try (Decompression source = Decompression.open(Sources.blob(bytes), settings)) {
                outcomes.add(tar(source, Long.MAX_VALUE) + " entries");
            } catch (ImageException e) {
                checkRefusal(e);
                outcomes.add("refused");
            }
        }
        if (outcomes.size() != 1) {
            throw new AssertionError("engines disagree: " + outcomes);
        }
    }

    /// Reads the bytes as an index file, after giving them the magic number and digest they should have: those
    /// find every accident, and what is behind them must stand on its own.
    ///
    /// @return whether they were accepted
    public static boolean index(byte[] bytes) {
        if (bytes.length < 40) {
            return false;
        }
        ByteBuffer image = ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN);
        image.put(0, "LtrIndex".getBytes(StandardCharsets.US_ASCII));
        MessageDigest hasher = Digest.newHasher("sha256");
        hasher.update(image.slice(40, bytes.length - 40));
        image.put(8, hasher.digest());
        LayerIndex index;
        try {
            index = LayerIndex.of(image, "the index");
        } catch (ImageException e) {
            checkRefusal(e);
            return false;
        }
        useInodes(index);
        useChunks(index);
        return true;
    }

    private static void useInodes(LayerIndex index) {
        for (int inode = 0; inode < index.inodeCount(); inode++) {
            index.path(inode);
            index.xattrs(inode);
            if (index.kind(inode) == LayerIndex.Kind.SYMLINK) {
                index.target(inode);
            }
            for (int child = 0; child < index.childCount(inode); child++) {
                if (index.lookup(inode, index.childName(inode, child)) != index.childInode(inode, child)) {
                    throw new AssertionError("a name of inode " + inode + " is not found");
                }
            }
        }
    }

    private static void useChunks(LayerIndex index) {
        for (int chunk = 0; chunk < index.chunkCount(); chunk++) {
            int file = index.chunkInode(chunk);
            long at = index.chunkFlatOffset(chunk) - index.flatOffset(file);
            boolean inside = at >= 0 && at + index.chunkLength(chunk) <= index.size(file);
            if (!inside || index.chunkAt(index.chunkFlatOffset(chunk)) != chunk) {
                throw new AssertionError("chunk " + chunk + " is not where it says");
            }
        }
    }

    private static void checkRefusal(ImageException e) {
        String message = e.getMessage();
        if (!REFUSALS.contains(e.kind()) || message == null || message.length() > 2000) {
            throw new AssertionError("refused as " + e.kind() + ": " + message, e);
        }
    }
}
