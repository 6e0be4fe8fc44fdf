package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.disk.FileErrors;
import io.lighterage.contentstore.disk.SteadyFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.function.IntConsumer;

/// Remembers across processes which chunks of a flat file are here.
///
/// | offset | length | what |
/// |---|---|---|
/// | 0 | 8 | magic `LGTCHUNK` |
/// | 8 | 8 | number of chunks, big endian |
/// | 16 | chunks | one byte a chunk: 1 when it is here, 0 when not |
///
/// A mark is written after the data it speaks of, without fsync, and is a hint: whoever reads it checks the
/// chunk before using it. So a power cut, a flipped bit or a mark that got lost costs a chunk fetched again,
/// never a wrong byte. Bytes instead of bits, so that several processes can mark without overwriting each
/// other's marks. The file is written in full when created, so later marks cannot fail for want of space.
final class PresenceFile implements AutoCloseable {
    private static final long MAGIC = 0x4c47544348554e4bL;
    private static final int MARKS_AT = 16;
    private static final byte HERE = 1;
    private static final Set<StandardOpenOption> READ_WRITE =
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);

    private final Path path;
    private final SteadyFile file;

    private PresenceFile(Path path, SteadyFile file) {
        this.path = path;
        this.file = file;
    }

    /// Creates the map, with nothing here.
    static PresenceFile create(Path path, int chunks) {
        return create(path, chunks, (byte) 0);
    }

    /// Creates the map of a file that is complete.
    static PresenceFile createComplete(Path path, int chunks) {
        return create(path, chunks, HERE);
    }

    private static PresenceFile create(Path path, int chunks, byte mark) {
        ByteBuffer whole = ByteBuffer.allocate(MARKS_AT + chunks);
        whole.putLong(MAGIC).putLong(chunks);
        while (whole.hasRemaining()) {
            whole.put(mark);
        }
        try {
            Path made = path.resolveSibling(path.getFileName() + ".new");
            Files.write(made, whole.array());
            Files.move(made, path, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
            return new PresenceFile(path, SteadyFile.open(path, READ_WRITE));
        } catch (IOException e) {
            throw FileErrors.writing("cannot create the map of a layer's chunks", path, e);
        }
    }

    /// Opens the map of an earlier process and names every chunk that is marked.
    ///
    /// @return false when there is no map for so many chunks
    static boolean read(Path path, int chunks, IntConsumer here) {
        byte[] raw;
        try {
            if (Files.size(path) != MARKS_AT + (long) chunks) {
                return false;
            }
            raw = Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw FileErrors.of("cannot read the map of a layer's chunks", path, e);
        }
        ByteBuffer whole = ByteBuffer.wrap(raw);
        if (raw.length != MARKS_AT + chunks || whole.getLong() != MAGIC || whole.getLong() != chunks) {
            return false;
        }
        for (int i = 0; i < chunks; i++) {
            if (whole.get() == HERE) {
                here.accept(i);
            }
        }
        return true;
    }

    static PresenceFile open(Path path) {
        try {
            return new PresenceFile(path, SteadyFile.open(path, READ_WRITE));
        } catch (IOException e) {
            throw FileErrors.of("cannot open the map of a layer's chunks", path, e);
        }
    }

    void mark(int chunk, boolean here) {
        try {
            file.write(MARKS_AT + (long) chunk, ByteBuffer.wrap(new byte[] {here ? HERE : 0}));
        } catch (IOException e) {
            throw FileErrors.writing("cannot mark chunk " + chunk, path, e);
        }
    }

    /// Whether some process has marked the chunk.
    boolean isMarked(int chunk) {
        ByteBuffer mark = ByteBuffer.allocate(1);
        try {
            return file.read(MARKS_AT + (long) chunk, mark) == 1 && mark.get(0) == HERE;
        } catch (IOException e) {
            throw FileErrors.of("cannot read the mark of chunk " + chunk, path, e);
        }
    }

    void force() {
        try {
            file.force();
        } catch (IOException e) {
            throw FileErrors.writing("cannot make the map of a layer's chunks durable", path, e);
        }
    }

    @Override
    public void close() {
        try {
            file.release();
        } catch (IOException e) {
            throw FileErrors.of("cannot close the map of a layer's chunks", path, e);
        }
    }
}
