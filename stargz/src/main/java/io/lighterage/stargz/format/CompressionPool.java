package io.lighterage.stargz.format;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// As many threads as processors, which compress for every layer under conversion, and the memory they do it in.
///
/// Slots are what bounds memory: a layer takes one before it reads on. Safe for use by several threads.
public final class CompressionPool implements AutoCloseable {
    /// Largest chunk in bytes: two slots of it are what a small heap's allowance of direct memory holds.
    public static final int MAX_CHUNK = 16 << 20;

    /// Smallest chunk in bytes: below a page, the index outweighs what it saves.
    public static final int MIN_CHUNK = 4096;

    /// Chunk size where nobody says otherwise, in bytes; that of every other tool.
    public static final int DEFAULT_CHUNK = 4 << 20;

    /// Room beside a chunk: an extended header of the largest size and the blocks around it.
    private static final int HEADERS = (1 << 20) + (64 << 10);

    private final LayerForm form;
    private final int chunkSize;
    private final ExecutorService workers;
    private final ConcurrentLinkedQueue<MemberEncoder> encoders = new ConcurrentLinkedQueue<>();
    private final Deque<Slot> free = new ArrayDeque<>();
    private final Semaphore permits;

    /// A pool for this machine. Its memory is at most half of the heap's limit, which is also the limit of memory
    /// beside the heap, and two slots at least.
    ///
    /// @param chunkSize bytes of the longest chunk
    /// @throws ImageException INVALID when the chunk size is out of bounds
    public static CompressionPool of(LayerForm form, int chunkSize) {
        int threads = Runtime.getRuntime().availableProcessors();
        long each = 2L * (chunkSize + HEADERS);
        long affordable = Runtime.getRuntime().maxMemory() / 2 / each;
        return new CompressionPool(form, chunkSize, threads, Math.clamp(affordable, 2, threads + 2));
    }

    CompressionPool(LayerForm form, int chunkSize, int threads, int slots) {
        if (chunkSize < MIN_CHUNK || chunkSize > MAX_CHUNK) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "a chunk size of " + chunkSize + " bytes is not possible; expected " + MIN_CHUNK + " to "
                            + MAX_CHUNK);
        }
        this.form = form;
        this.chunkSize = chunkSize;
        workers = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().name("compress-", 0).daemon().factory());
        permits = new Semaphore(slots);
    }

    LayerForm form() {
        return form;
    }

    int chunkSize() {
        return chunkSize;
    }

    /// An empty slot, or null when all are taken.
    @Nullable
    Slot poll() {
        return permits.tryAcquire() ? next() : null;
    }

    /// Waits for an empty slot. Only for a layer that holds none itself.
    Slot take() {
        try {
            permits.acquire();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        return next();
    }

    private Slot next() {
        synchronized (free) {
            Slot known = free.poll();
            if (known != null) {
                return known;
            }
        }
        int raw = chunkSize + HEADERS;
        try (MemberEncoder encoder = newEncoder()) {
            return new Slot(raw, encoder.bound(raw) + (64 << 10));
        }
    }

    void release(Slot slot) {
        slot.clear();
        synchronized (free) {
            free.push(slot);
        }
        permits.release();
    }

    /// Packs the slot on a worker.
    Future<?> pack(Slot slot) {
        return workers.submit(() -> {
            MemberEncoder encoder = encoders.poll();
            if (encoder == null) {
                encoder = newEncoder();
            }
            slot.pack(encoder);
            encoders.add(encoder);
        });
    }

    MemberEncoder newEncoder() {
        return form == LayerForm.ESTARGZ ? new GzipEncoder() : new ZstdEncoder();
    }

    static ImageException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new ImageException(ErrorKind.CANCELLED, "interrupted while compressing a layer", e);
    }

    /// Waits for what is being compressed.
    @Override
    public void close() {
        workers.close();
        for (MemberEncoder encoder = encoders.poll(); encoder != null; encoder = encoders.poll()) {
            encoder.close();
        }
    }
}
