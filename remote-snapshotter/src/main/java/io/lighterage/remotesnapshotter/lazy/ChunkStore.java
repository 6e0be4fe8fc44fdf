package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.disk.FileErrors;
import io.lighterage.contentstore.disk.SteadyFile;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/// The sparse file of one layer on disk, and what is known of its chunks.
///
/// A chunk is *trusted* when this process has seen its bytes match its digest: before it wrote them, or when it
/// read them back. Only trusted chunks are served. A chunk that a mark says is here, from an earlier process or
/// from another one that fills the same file now, is checked when it is first used. Writers of a chunk have the
/// right bytes always, so two of them do no harm.
final class ChunkStore implements AutoCloseable {
    /// Checks that may read a whole chunk into memory at once.
    private static final int CHECKERS = 4;
    /// Holes may be long; they are looked at in pieces.
    private static final int HOLE_PIECE = 256 << 10;

    private final Path path;
    private final SteadyFile file;
    private final LayerIndex index;
    private final PresenceFile presence;
    private final Buffers buffers;
    private final AtomicBits here;
    private final AtomicBits trusted;
    private final AtomicInteger untrusted;
    private final AtomicLong bytesHere = new AtomicLong();
    private final ReentrantLock[] checking = new ReentrantLock[CHECKERS];

    private ChunkStore(Path path, SteadyFile file, LayerIndex index, PresenceFile presence, Buffers buffers) {
        this.path = path;
        this.file = file;
        this.index = index;
        this.presence = presence;
        this.buffers = buffers;
        here = new AtomicBits(index.chunkCount());
        trusted = new AtomicBits(index.chunkCount());
        untrusted = new AtomicInteger(index.chunkCount());
        for (int i = 0; i < CHECKERS; i++) {
            checking[i] = new ReentrantLock();
        }
    }

    /// Opens what an earlier process left, or begins with nothing.
    static ChunkStore open(LayerIndex index, Path flat, Path marks, Buffers buffers) {
        int count = index.chunkCount();
        boolean[] marked = new boolean[count];
        boolean known = sizeOf(flat) == index.flatSize() && PresenceFile.read(marks, count, i -> marked[i] = true);
        PresenceFile presence = known ? PresenceFile.open(marks) : fresh(index, flat, marks);
        try {
            SteadyFile file = SteadyFile.open(flat, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
            ChunkStore store = new ChunkStore(flat, file, index, presence, buffers);
            for (int i = 0; i < count; i++) {
                if (marked[i] || index.chunkIsHole(i)) {
                    store.noteHere(i);
                }
                if (!known && index.chunkIsHole(i)) {
                    store.trust(i);
                }
            }
            return store;
        } catch (IOException e) {
            presence.close();
            throw FileErrors.of("cannot open the contents of layer " + index.layer(), flat, e);
        }
    }

    private static long sizeOf(Path flat) {
        return flat.toFile().length();
    }

    private static PresenceFile fresh(LayerIndex index, Path flat, Path marks) {
        try {
            Files.deleteIfExists(marks);
            Files.deleteIfExists(flat);
            try (RandomAccessFile made = new RandomAccessFile(flat.toFile(), "rw")) {
                made.setLength(index.flatSize());
            }
        } catch (IOException e) {
            throw FileErrors.writing("cannot create the contents of layer " + index.layer(), flat, e);
        }
        return PresenceFile.create(marks, index.chunkCount());
    }

    Path path() {
        return path;
    }

    boolean isTrusted(int chunk) {
        return trusted.get(chunk);
    }

    /// Whether every chunk may be served.
    boolean isTrusted() {
        return untrusted.get() == 0;
    }

    long bytesHere() {
        return bytesHere.get();
    }

    /// Whether a mark says that the chunk is here, so that fetching it is probably needless.
    boolean isHere(int chunk) {
        return here.get(chunk);
    }

    /// Makes the chunk trusted if it is here already and right.
    ///
    /// @return false when it has to be fetched
    boolean check(int chunk) {
        if (trusted.get(chunk)) {
            return true;
        }
        if (!here.get(chunk) && !presence.isMarked(chunk)) {
            return false;
        }
        ReentrantLock lock = checking[chunk % CHECKERS];
        lock.lock();
        try {
            if (trusted.get(chunk)) {
                return true;
            }
            if (index.chunkIsHole(chunk)) {
                restoreHole(chunk);
            } else if (!matches(chunk)) {
                if (here.clear(chunk)) {
                    bytesHere.addAndGet(-index.chunkLength(chunk));
                }
                presence.mark(chunk, false);
                return false;
            }
            noteHere(chunk);
            trust(chunk);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean matches(int chunk) {
        int length = index.chunkLength(chunk);
        ByteBuffer bytes = buffers.take(length);
        try {
            return readFully(index.chunkFlatOffset(chunk), bytes) && index.chunkMatches(chunk, bytes.flip());
        } finally {
            buffers.give(bytes);
        }
    }

    private boolean readFully(long offset, ByteBuffer target) {
        try {
            long at = offset;
            while (target.hasRemaining()) {
                int count = file.read(at, target);
                if (count < 0) {
                    return false;
                }
                at += count;
            }
            return true;
        } catch (IOException e) {
            throw FileErrors.of("cannot read back contents of layer " + index.layer(), path, e);
        }
    }

    /// A hole needs no fetching: what is not zero in it is made so.
    private void restoreHole(int chunk) {
        ByteBuffer piece = buffers.take(HOLE_PIECE);
        try {
            long end = index.chunkFlatOffset(chunk) + index.chunkLength(chunk);
            for (long at = index.chunkFlatOffset(chunk); at < end; at += HOLE_PIECE) {
                piece.clear().limit((int) Math.min(HOLE_PIECE, end - at));
                boolean whole = readFully(at, piece);
                piece.flip();
                if (!whole || piece.mismatch(ByteBuffer.allocate(piece.limit())) >= 0) {
                    write(at, ByteBuffer.allocate(piece.limit()));
                }
            }
        } finally {
            buffers.give(piece);
        }
    }

    /// Writes the bytes of a chunk, which have been verified, and serves them from now on.
    ///
    /// @throws ImageException EXHAUSTED when the disk is full
    void put(int chunk, ByteBuffer verified) {
        write(index.chunkFlatOffset(chunk), verified);
        presence.mark(chunk, true);
        noteHere(chunk);
        trust(chunk);
    }

    private void write(long offset, ByteBuffer bytes) {
        try {
            file.write(offset, bytes);
        } catch (IOException e) {
            throw FileErrors.writing("cannot keep contents of layer " + index.layer(), path, e);
        }
    }

    /// Reads bytes of trusted chunks, or of the zeros between files.
    int read(long offset, ByteBuffer target) {
        try {
            int count = file.read(offset, target);
            if (count < 0) {
                throw new ImageException(
                        ErrorKind.CORRUPT,
                        path + " ends at or before " + offset + "; expected " + index.flatSize()
                                + " bytes. Somebody cut it short: unmount the image and mount it again");
            }
            return count;
        } catch (IOException e) {
            throw FileErrors.of("cannot read contents of layer " + index.layer(), path, e);
        }
    }

    /// Makes what is here outlive a power cut, which would otherwise cost a check and a fetch.
    void force() {
        try {
            file.force();
        } catch (IOException e) {
            throw FileErrors.writing("cannot make contents of layer " + index.layer() + " durable", path, e);
        }
        presence.force();
    }

    private void noteHere(int chunk) {
        if (here.set(chunk)) {
            bytesHere.addAndGet(index.chunkLength(chunk));
        }
    }

    private void trust(int chunk) {
        if (trusted.set(chunk)) {
            untrusted.decrementAndGet();
        }
    }

    @Override
    public void close() {
        try {
            file.release();
        } catch (IOException e) {
            throw FileErrors.of("cannot close", path, e);
        } finally {
            presence.close();
        }
    }
}
