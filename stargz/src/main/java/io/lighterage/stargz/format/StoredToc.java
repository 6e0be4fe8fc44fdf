package io.lighterage.stargz.format;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.compress.Compression;
import io.lighterage.stargz.compress.Decompression;
import io.lighterage.stargz.compress.GzipEngines;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarReader;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/// A table of contents as it lies in the blob: JSON compressed with zstd, or a gzip member that is the last entry
/// of the layer's tar. It is decompressed each time it is looked at, since it may be much larger than we would
/// like to hold.
///
/// @param stored left as it is
/// @param encoding of the blob
/// @param what names it in failures
record StoredToc(ByteBuffer stored, Encoding encoding, String what) {
    private static final RawName NAME = RawName.of("stargz.index.json");

    /// Digest of the JSON, and of nothing else.
    Digest digest(String algorithm) {
        MessageDigest hasher = Digest.newHasher(algorithm);
        try (Json json = new Json()) {
            for (ByteBuffer piece = json.next(); piece != null; piece = json.next()) {
                hasher.update(piece);
            }
            json.finish();
        }
        return Digest.finish(algorithm, hasher);
    }

    /// Hands out the entries.
    void parse(TocEntries entries) {
        try (Json json = new Json()) {
            new TocParser(what, entries).parse(json.stream());
            json.finish();
        }
    }

    /// The text, piece by piece.
    private final class Json implements AutoCloseable {
        private final Decompression source;
        private final @Nullable TarReader tar;

        Json() {
            source = Decompression.open(
                    new Stored(stored),
                    new Decompression.Settings(what, TocLimits.DECOMPRESSION, GzipEngines::preferred, 1));
            boolean opened = false;
            try {
                Compression expected = encoding == Encoding.ZSTD_FRAMES ? Compression.ZSTD : Compression.GZIP;
                if (source.compression() != expected) {
                    throw corrupt("is not compressed with " + expected);
                }
                tar = expected == Compression.GZIP ? new TarReader(source) : null;
                enterTar();
                opened = true;
            } finally {
                if (!opened) {
                    source.close();
                }
            }
        }

        private void enterTar() {
            if (tar == null) {
                return;
            }
            TarEntry entry = firstEntry(tar);
            if (entry == null
                    || entry.type() != TarEntry.Type.REGULAR
                    || !entry.name().equals(NAME)) {
                throw corrupt("is not the tar entry " + NAME);
            }
            if (entry.size() > TocLimits.MAX_BYTES) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        what + " has " + entry.size() + " bytes; expected at most " + TocLimits.MAX_BYTES);
            }
        }

        private @Nullable TarEntry firstEntry(TarReader reader) {
            try {
                return reader.next();
            } catch (ImageException e) {
                throw new ImageException(e.kind(), what + " is not the tar entry " + NAME + ": " + e.getMessage(), e);
            }
        }

        @Nullable
        ByteBuffer next() {
            return tar != null ? tar.payload() : source.next();
        }

        InputStream stream() {
            return new PieceStream(this::next);
        }

        /// Reads to the end, so that what is behind has been looked at.
        void finish() {
            while (next() != null) {}
            if (tar != null) {
                if (tar.next() != null) {
                    throw corrupt("is followed by another entry");
                }
                tar.drain();
            }
        }

        @Override
        public void close() {
            source.close();
        }
    }

    private ImageException corrupt(String fault) {
        return new ImageException(ErrorKind.CORRUPT, what + " " + fault + "; the blob is damaged");
    }

    private record Stored(ByteBuffer bytes) implements Blob {
        @Override
        public long size() {
            return bytes.limit();
        }

        @Override
        public int read(long position, ByteBuffer target) {
            int count = (int) Math.min(target.remaining(), bytes.limit() - position);
            if (count <= 0) {
                return -1;
            }
            target.put(bytes.slice((int) position, count));
            return count;
        }

        @Override
        public void close() {}
    }
}
