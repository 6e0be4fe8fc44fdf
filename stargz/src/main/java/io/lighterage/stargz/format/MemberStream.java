package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// Uncompressed bytes in, members out, in order: a layer's thread fills slots, the pool packs them, and the same
/// thread appends them to the blob once the ones before are there.
///
/// Where members begin depends on the bytes alone, never on how fast a worker is: the result is always the same.
/// A layer takes a slot only when it can get one at once or holds none, so layers cannot wait for each other in a
/// circle.
final class MemberStream implements AutoCloseable {
    /// A slot goes to a worker once it holds this much: enough for the hand-over not to show.
    private static final int ENOUGH = 1 << 20;

    private final CompressionPool pool;
    private final MemberEncoder bounds;
    private final BlobFile blob;
    private final MessageDigest uncompressed = Digest.newHasher("sha256");
    private final ArrayDeque<Packing> packing = new ArrayDeque<>();
    private @Nullable Slot slot;
    private long uncompressedBytes;

    private record Packing(Slot slot, Future<?> done) {}

    MemberStream(CompressionPool pool, BlobFile blob) {
        this.pool = pool;
        this.blob = blob;
        this.bounds = pool.newEncoder();
    }

    /// Lets the next member begin with `chunk`, all of whose bytes must be appended next.
    void beginChunk(EntryRecord entry, ChunkRecord chunk) {
        roomFor(chunk.length, true).begin(entry, chunk);
    }

    /// Lets the next member begin with what comes next, which is no chunk.
    void beginMember() {
        roomFor(1, true).begin(null, null);
    }

    /// Appends to the member; only what is not a chunk's may be continued in a further member for want of room.
    void append(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            Slot into = roomFor(1, false);
            int count = Math.min(bytes.remaining(), into.raw.remaining());
            into.raw.put(bytes.slice(bytes.position(), count));
            bytes.position(bytes.position() + count);
        }
    }

    /// A slot with room for `bytes` more.
    ///
    /// @param border whether the member may end here anyway
    private Slot roomFor(int bytes, boolean border) {
        Slot current = slot;
        if (current != null) {
            boolean full = current.raw.remaining() < bytes
                    || current.bound(bounds, bytes) > current.packed.capacity()
                    || (border && current.raw.position() >= ENOUGH);
            if (!full) {
                return current;
            }
            submit(current);
        }
        Slot next = nextSlot();
        slot = next;
        next.begin(null, null);
        return next;
    }

    private Slot nextSlot() {
        Slot next = pool.poll();
        while (next == null && !packing.isEmpty()) {
            writeFirst();
            next = pool.poll();
        }
        return next != null ? next : pool.take();
    }

    private void submit(Slot full) {
        slot = null;
        full.endMember();
        ByteBuffer bytes = full.raw.duplicate().flip();
        uncompressedBytes += bytes.remaining();
        packing.add(new Packing(full, pool.pack(full)));
        uncompressed.update(bytes);
        while (!packing.isEmpty() && packing.getFirst().done().isDone()) {
            writeFirst();
        }
    }

    /// Appends the oldest slot to the blob and tells its chunks where they are.
    private void writeFirst() {
        Packing first = packing.removeFirst();
        try {
            await(first.done());
            long base = blob.position();
            blob.write(first.slot().packed);
            for (Slot.Member member : first.slot().members()) {
                if (member.entry != null && member.chunk != null) {
                    member.entry.placed(member.chunk, base + member.packedStart, base + member.packedEnd);
                }
            }
        } finally {
            pool.release(first.slot());
        }
    }

    private static void await(Future<?> done) {
        try {
            done.get();
        } catch (InterruptedException e) {
            await(done); // the worker still uses the slot
            throw CompressionPool.interrupted(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new ImageException(ErrorKind.INTERNAL, "compressing a layer failed: " + e.getCause(), e);
        }
    }

    /// Writes everything out.
    void finish() {
        Slot last = slot;
        if (last != null) {
            submit(last);
        }
        while (!packing.isEmpty()) {
            writeFirst();
        }
    }

    /// Counts bytes that were compressed elsewhere towards the uncompressed stream.
    void addUncompressed(ByteBuffer bytes) {
        uncompressedBytes += bytes.remaining();
        uncompressed.update(bytes);
    }

    /// Length of the uncompressed stream, after [#finish].
    long uncompressedBytes() {
        return uncompressedBytes;
    }

    /// Digest of the uncompressed stream, after [#finish]; it takes no more then.
    Digest diffId() {
        return Digest.finish("sha256", uncompressed);
    }

    /// Gives back what a failure has left.
    @Override
    public void close() {
        for (Packing each : packing) {
            try {
                await(each.done());
            } catch (ImageException e) {
                System.getLogger(MemberStream.class.getName())
                        .log(System.Logger.Level.DEBUG, "while giving up a layer", e);
            }
            pool.release(each.slot());
        }
        packing.clear();
        Slot current = slot;
        if (current != null) {
            slot = null;
            pool.release(current);
        }
        bounds.close();
    }
}
