package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.ByteSource;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarFormat;
import io.lighterage.stargz.tar.TarReader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A tar stream on disk whose entries can be read in any order. Owned by one thread.
///
/// Eight bytes an entry are kept in memory. The file has no name and is gone when this is closed.
final class SpooledTar implements AutoCloseable {
    /// What is read at once after a jump; doubled while reading goes on.
    private static final int FIRST_READ = 16 << 10;

    private static final int LONGEST_READ = 256 << 10;

    private final BlobFile file;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(LONGEST_READ);
    private long[] starts = new long[64];
    private int entries;
    private int next = -1;
    private @Nullable TarReader reader;

    private SpooledTar(BlobFile file) {
        this.file = file;
    }

    /// Copies the stream.
    ///
    /// @param sibling a path in the folder to use
    /// @param seen hears of every entry, in order
    static SpooledTar fill(ByteSource source, Path sibling, Consumer<TarEntry> seen) {
        SpooledTar tar = new SpooledTar(BlobFile.scratch(sibling, ".tar"));
        try {
            tar.copy(source, seen);
            return tar;
        } catch (RuntimeException | Error e) {
            tar.close();
            throw e;
        }
    }

    private void copy(ByteSource source, Consumer<TarEntry> seen) {
        TarReader from = new TarReader(new TeeSource(source, file::write));
        long start = 0;
        for (TarEntry entry = from.next(); entry != null; entry = from.next()) {
            if (entries == starts.length) {
                starts = Arrays.copyOf(starts, entries * 2);
            }
            starts[entries++] = start;
            seen.accept(entry);
            while (from.payload() != null) {
                // on to its end
            }
            start = Math.ceilDiv(from.position(), TarFormat.BLOCK) * TarFormat.BLOCK;
        }
        from.drain();
    }

    /// Digest of the whole stream; nothing is added to it any more.
    Digest digest() {
        return file.digest();
    }

    /// The entry of that number; its payload is then in [#reader].
    TarEntry entry(int number) {
        TarReader from = reader;
        if (number != next || from == null) {
            from = new TarReader(new Stretch(starts[number]));
            reader = from;
        }
        next = number + 1;
        TarEntry entry = from.next();
        if (entry == null) {
            throw new ImageException(ErrorKind.INTERNAL, "entry " + number + " of a spooled layer is not there again");
        }
        return entry;
    }

    /// Gives the payload of the entry that [#entry] returned last.
    TarReader reader() {
        TarReader from = reader;
        if (from == null) {
            throw new IllegalStateException("no entry has been read");
        }
        return from;
    }

    @Override
    public void close() {
        file.close();
    }

    private final class Stretch implements ByteSource {
        private long at;
        private int step = FIRST_READ;

        Stretch(long start) {
            at = start;
        }

        @Override
        public @Nullable ByteBuffer next() {
            file.read(at, buffer.clear().limit(step));
            buffer.flip();
            at += buffer.remaining();
            step = Math.min(step * 2, LONGEST_READ);
            return buffer.hasRemaining() ? buffer : null;
        }

        @Override
        public void close() {}
    }
}
