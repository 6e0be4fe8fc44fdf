package io.lighterage.remotesnapshotter.lazy;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// What happened to one layer in this process. Any thread may ask.
public final class LayerStatistics {
    /// Enough to see where a start went, little enough to keep for every layer.
    static final int KEPT = 64;

    private final InstantSource clock;
    private final AtomicLong demandReads = new AtomicLong();
    private final AtomicLong demandNanos = new AtomicLong();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong bytesFetched = new AtomicLong();
    private final AtomicReference<@Nullable String> lastError = new AtomicReference<>();
    private final PriorityQueue<SlowRead> slowest = new PriorityQueue<>(Comparator.comparingLong(SlowRead::nanos));

    LayerStatistics(InstantSource clock) {
        this.clock = clock;
    }

    /// Reads that found bytes missing and waited.
    public long demandReads() {
        return demandReads.get();
    }

    /// How long they waited, summed up over all of them.
    public long demandNanos() {
        return demandNanos.get();
    }

    /// Reads that wait now.
    public int waitingReads() {
        return waiting.get();
    }

    /// Requests for bytes of the layer, each perhaps several HTTP requests when it had to be resumed.
    public long requests() {
        return requests.get();
    }

    /// Compressed bytes received.
    public long bytesFetched() {
        return bytesFetched.get();
    }

    public Optional<String> lastError() {
        return Optional.ofNullable(lastError.get());
    }

    /// The reads that waited longest, slowest first.
    public List<SlowRead> slowest() {
        synchronized (slowest) {
            List<SlowRead> all = new ArrayList<>(slowest);
            all.sort(Comparator.comparingLong(SlowRead::nanos).reversed());
            return all;
        }
    }

    Instant now() {
        return clock.instant();
    }

    void beginWait() {
        demandReads.incrementAndGet();
        waiting.incrementAndGet();
    }

    void endWait(SlowRead read) {
        waiting.decrementAndGet();
        demandNanos.addAndGet(read.nanos());
        synchronized (slowest) {
            slowest.add(read);
            if (slowest.size() > KEPT) {
                slowest.poll();
            }
        }
    }

    void requested() {
        requests.incrementAndGet();
    }

    void received(long bytes) {
        bytesFetched.addAndGet(bytes);
    }

    void failed(String message) {
        lastError.set(message);
    }
}
