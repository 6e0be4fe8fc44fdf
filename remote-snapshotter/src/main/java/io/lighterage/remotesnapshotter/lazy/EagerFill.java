package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.disk.FileErrors;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndexBuilder;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// Makes flat file and index of a layer from the whole of it, in one pass: inflate, hash, write, index.
///
/// Files are written where the index will say they are, unless the archive holds a path twice: only the last
/// counts, and what follows moves up. Then the flat file is written again from the first one.
final class EagerFill {
    /// Small enough to be checked and served alone after a restart without delay.
    static final int CHUNK = 1 << 20;

    private final Digest layer;
    private final Digest diffId;
    private final String what;

    EagerFill(Digest layer, Digest diffId) {
        this.layer = layer;
        this.diffId = diffId;
        this.what = "layer " + layer;
    }

    /// A file as it was written.
    ///
    /// @param offset where it begins
    /// @param size its bytes
    private record Written(long offset, long size) {}

    /// Fills `flat` and writes `index`, both new files.
    ///
    /// @param compressed may still be growing; not closed here
    /// @return the index, opened
    /// @throws ImageException CORRUPT when the uncompressed stream does not have the digest the image gives,
    ///     INVALID for entries that cannot be, EXHAUSTED when the disk is full, and what the blob throws
    LayerIndex run(Blob compressed, Path flat, Path index) {
        LayerIndexBuilder builder = new LayerIndexBuilder(layer, Encoding.NONE);
        builder.asWritten();
        List<Written> written = new ArrayList<>();
        try (FileChannel out = FileChannel.open(
                flat,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE))) {
            Digest actual = InflateStages.run(
                    compressed,
                    what,
                    diffId.algorithm(),
                    source -> unpack(new TarReader(source), new FlatWriter(out), builder, written));
            if (!actual.equals(diffId)) {
                throw new ImageException(
                        ErrorKind.CORRUPT,
                        what + " holds other bytes than the image says: uncompressed it has digest " + actual
                                + "; expected " + diffId);
            }
        } catch (UncheckedIOException e) {
            throw FileErrors.writing("cannot keep contents of " + what, flat, Objects.requireNonNull(e.getCause()));
        } catch (IOException e) {
            throw FileErrors.writing("cannot keep contents of " + what, flat, e);
        }
        LayerIndex made = builder.write(index);
        settle(made, written, flat);
        return made;
    }

    private static void unpack(TarReader tar, FlatWriter out, LayerIndexBuilder builder, List<Written> written) {
        for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
            if (entry.type() != TarEntry.Type.REGULAR || entry.size() == 0 || isMark(entry)) {
                builder.add(entry, List.of());
                continue;
            }
            out.begin();
            try {
                for (ByteBuffer piece = tar.payload(); piece != null; piece = tar.payload()) {
                    out.write(tar.payloadOffset(), piece);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            List<LayerIndexBuilder.Chunk> chunks = out.end(entry.size());
            written.add(new Written(out.fileStart(), entry.size()));
            builder.add(entry, chunks);
        }
        tar.drain();
    }

    /// What the index leaves out whatever it holds.
    private static boolean isMark(TarEntry entry) {
        byte[] bytes = entry.name().toBytes();
        String name = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
        String base = name.substring(name.lastIndexOf('/') + 1);
        if (base.startsWith(".wh.")) {
            return true;
        }
        boolean atRoot = name.equals(base) || name.equals("./" + base) || name.equals("/" + base);
        return atRoot
                && (base.equals("stargz.index.json")
                        || base.equals(".prefetch.landmark")
                        || base.equals(".no.prefetch.landmark"));
    }

    /// Brings the flat file into the form the index says.
    private void settle(LayerIndex index, List<Written> written, Path flat) {
        try {
            if (isAsWritten(index, written)) {
                setLength(flat, index.flatSize());
            } else {
                Path moved = flat.resolveSibling(flat.getFileName() + ".moved");
                move(index, written, flat, moved);
                java.nio.file.Files.move(moved, flat, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (IOException e) {
            throw FileErrors.writing("cannot keep contents of " + what, flat, e);
        }
    }

    private static boolean isAsWritten(LayerIndex index, List<Written> written) {
        if (index.fileCount() != written.size()) {
            return false;
        }
        for (int file = 1; file <= index.fileCount(); file++) {
            Written as = written.get(file - 1);
            if (index.flatOffset(file) != as.offset() || index.size(file) != as.size()) {
                return false;
            }
        }
        return true;
    }

    private static void setLength(Path file, long length) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.setLength(length);
        }
    }

    /// The files that count are those written, in the same order, without some. Which ones, their bytes say:
    /// every chunk is compared with its digest, so a file taken for another has the same bytes.
    private void move(LayerIndex index, List<Written> written, Path from, Path to) throws IOException {
        try (FileChannel in = FileChannel.open(from, StandardOpenOption.READ);
                FileChannel out = FileChannel.open(
                        to,
                        Set.of(
                                StandardOpenOption.CREATE,
                                StandardOpenOption.TRUNCATE_EXISTING,
                                StandardOpenOption.WRITE))) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
            int next = 0;
            for (int file = 1; file <= index.fileCount(); file++) {
                while (next < written.size() && !copy(index, file, written.get(next), in, out, buffer)) {
                    next++;
                }
                if (next == written.size()) {
                    throw new ImageException(
                            ErrorKind.INTERNAL, "the contents of " + index.path(file) + " in " + what + " were lost");
                }
                next++;
            }
        }
        setLength(to, index.flatSize());
    }

    private static boolean copy(
            LayerIndex index, int file, Written as, FileChannel in, FileChannel out, ByteBuffer buffer)
            throws IOException {
        if (as.size() != index.size(file)) {
            return false;
        }
        long start = index.flatOffset(file);
        int chunk = index.chunkAt(start);
        for (; chunk < index.chunkCount() && index.chunkFlatOffset(chunk) < start + as.size(); chunk++) {
            if (index.chunkIsHole(chunk)) {
                continue;
            }
            buffer.clear().limit(index.chunkLength(chunk));
            long offset = index.chunkFlatOffset(chunk) - start;
            while (buffer.hasRemaining() && in.read(buffer, as.offset() + offset + buffer.position()) > 0) {
                // read on
            }
            if (!index.chunkMatches(chunk, buffer.flip())) {
                return false;
            }
            while (buffer.hasRemaining()) {
                out.write(buffer, start + offset + buffer.position());
            }
        }
        return true;
    }
}
