package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.RemoteBlob;
import io.lighterage.stargz.format.ChunkDecoder;
import io.lighterage.stargz.index.LayerIndex;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Brings missing chunks of one layer in, each by one run at a time.
///
/// Every chunk under way has one *owner*, the run that will fill it. A reader joins the owner when the owner
/// will be there soon; when the chunk is far ahead in the owner's request, a request of its own is faster, and
/// takes the chunk over. What an owner receives and no longer owns it passes over.
///
/// `lock` guards the owners and what [Run] says it guards. It is never held while something is read, written or
/// decoded.
final class Fetching implements AutoCloseable {
    /// Most compressed bytes of one request: what a reader who joins it waits for at worst, and what is lost
    /// when a process dies in it.
    static final long LONGEST_RUN = 4 << 20;

    private final FlatParts parts;
    private final LayerIndex index;
    private final ChunkStore store;
    private final BlobOrder order;
    private final String name;
    private final ExecutorService threads;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Owners owners;
    private final Decoders decoders;
    private boolean closed;

    Fetching(FlatParts parts) {
        this.parts = parts;
        this.index = parts.index();
        this.store = parts.store();
        this.order = new BlobOrder(index);
        this.owners = new Owners(parts, order);
        this.name = "layer " + index.layer();
        this.decoders = new Decoders(index.encoding(), name);
        threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual()
                .name("chunks-" + index.layer().shortHex() + "-", 0)
                .factory());
    }

    Traffic traffic() {
        return parts.traffic();
    }

    BlobOrder order() {
        return order;
    }

    /// Starts fetching what is missing of the chunks `[first, end)` and of those ahead.
    ///
    /// @param ahead chunks nobody waits for yet
    /// @param joined gets, for each missing chunk of `[first, end)`, the run that is to bring it
    /// @return the runs that were begun for it
    List<Run> begin(int first, int end, int[] ahead, Map<Integer, Run> joined) {
        List<Run> mine;
        lock.lock();
        try {
            requireOpen();
            SortedSet<Integer> positions = new TreeSet<>();
            for (int chunk = first; chunk < end; chunk++) {
                if (!store.isTrusted(chunk) && !owners.hasNear(chunk)) {
                    positions.add(order.positionOf(chunk));
                }
            }
            for (int chunk : ahead) {
                if (owners.isFree(chunk)) {
                    positions.add(order.positionOf(chunk));
                }
            }
            if (!positions.isEmpty() && parts.everything()) {
                owners.addNeighbours(positions, parts.traffic().worthFetchingAlong());
            }
            mine = owners.claim(positions, RemoteBlob.DEMAND);
            for (int chunk = first; chunk < end; chunk++) {
                Run owner = owners.of(chunk);
                if (owner != null && !store.isTrusted(chunk)) {
                    joined.put(chunk, owner);
                }
            }
            if (end > first) {
                parts.traffic().noteMiss(new Traffic.Miss(this, order.positionOf(end - 1) + 1));
            }
        } finally {
            lock.unlock();
        }
        mine.forEach(this::start);
        return mine;
    }

    /// Begins the next stretch of what is missing in the blob's order, for the caller to [#execute].
    ///
    /// @param position where to look from in the blob's order
    /// @param priority [RemoteBlob#PREFETCH] for the prioritized range only
    /// @return the runs, none when nothing is missing from there on
    List<Run> beginBulk(int position, int priority) {
        lock.lock();
        try {
            requireOpen();
            boolean prioritized = priority <= RemoteBlob.PREFETCH;
            long limit = prioritized ? index.prefetchEnd() : Long.MAX_VALUE;
            long longest = prioritized ? Traffic.PREFETCH_RUN : parts.traffic().backgroundRun(LONGEST_RUN);
            return owners.claim(owners.stretch(position, limit, longest), priority);
        } finally {
            lock.unlock();
        }
    }

    /// Begins runs for prioritized chunks, for the caller to [#execute].
    ///
    /// @param chunks of these only those are taken that are missing and that nobody brings
    List<Run> beginPrefetch(List<Integer> chunks) {
        lock.lock();
        try {
            requireOpen();
            SortedSet<Integer> positions = new TreeSet<>();
            chunks.stream().filter(owners::isFreeAndSound).forEach(chunk -> positions.add(order.positionOf(chunk)));
            return owners.claim(positions, RemoteBlob.PREFETCH);
        } finally {
            lock.unlock();
        }
    }

    /// Gives up a run that was begun and will not be carried out: readers who joined it begin their own.
    void abandon(Run run) {
        end(run, null);
    }

    private void start(Run run) {
        try {
            threads.execute(() -> {
                @Nullable ImageException ignored = execute(run);
            });
        } catch (RejectedExecutionException e) {
            end(run, closedNow());
        }
    }

    /// Carries a run out on this thread.
    ///
    /// @return why it failed, or null
    @Nullable
    ImageException execute(Run run) {
        ImageException failure = null;
        RemoteBlob source = null;
        try {
            source = parts.sources().current();
            stream(run, source);
            failUnfilled(run);
        } catch (ImageException e) {
            // The image this place came from was closed; others go on with theirs.
            failure = source != null && parts.sources().hasReplaced(source) ? null : e;
        } catch (OutOfMemoryError e) {
            failure = new ImageException(ErrorKind.EXHAUSTED, "no memory left to fetch " + name + ": " + e, e);
        } catch (RuntimeException | Error e) {
            failure = new ImageException(ErrorKind.INTERNAL, "fetching " + name + " failed: " + e, e);
        } finally {
            end(run, failure);
        }
        return failure;
    }

    private void stream(Run run, RemoteBlob source) {
        long from = firstWanted(run);
        if (from >= run.end()) {
            return;
        }
        Buffers buffers = run.priority() <= RemoteBlob.DEMAND ? parts.demandBuffers() : parts.bulkBuffers();
        ChunkDecoder decoder = decoders.take();
        try (Traffic.Request request = parts.traffic().begin(run);
                RunReader reader = new RunReader(run, from, index, buffers, decoder, new Filling(run))) {
            parts.statistics().requested();
            source.stream(from, run.end() - from, run.priority(), piece -> {
                int count = piece.remaining();
                parts.statistics().received(count);
                request.received(count);
                pace(run, count);
                reader.accept(piece);
            });
        } finally {
            decoders.giveBack(decoder);
        }
    }

    private void pace(Run run, int count) {
        Pacer pacer = parts.pacer();
        if (pacer != null && run.priority() >= RemoteBlob.BACKGROUND) {
            try {
                parts.traffic().pause(run, pacer.take(count));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ImageException(ErrorKind.CANCELLED, "interrupted while keeping to the bandwidth cap", e);
            }
        }
    }

    /// Others may have brought the beginning since the run was planned.
    private long firstWanted(Run run) {
        for (Run.Group group : run.groups()) {
            if (!stillWanted(run, group).isEmpty()) {
                run.reached(group.begin());
                return group.begin();
            }
        }
        return run.end();
    }

    private List<Integer> stillWanted(Run run, Run.Group group) {
        lock.lock();
        try {
            return group.chunks().stream()
                    .filter(chunk -> owners.owns(run, chunk) && !store.isTrusted(chunk))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /// A run that received everything has filled what it owns; else nobody should wait for another try.
    private void failUnfilled(Run run) {
        for (Run.Group group : run.groups()) {
            for (int chunk : stillWanted(run, group)) {
                new Filling(run)
                        .failed(chunk, new ImageException(ErrorKind.INTERNAL, "a request of " + name + " left a gap"));
            }
        }
    }

    private void end(Run run, @Nullable ImageException failure) {
        if (failure != null && failure.kind() != ErrorKind.CANCELLED) {
            parts.statistics().failed(failure.getMessage());
        }
        lock.lock();
        try {
            run.end(failure);
            for (Run.Group group : run.groups()) {
                group.chunks().forEach(chunk -> owners.release(run, chunk));
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Waits until the chunks are here, or one of the joined runs will not bring what it was joined for.
    ///
    /// @return the failure, or null when all is here or when there is reason to [#begin] again
    /// @throws ImageException UNAVAILABLE when the time is over; CANCELLED when interrupted
    @Nullable
    ImageException await(int first, int end, Map<Integer, Run> joined, long deadline) {
        lock.lock();
        try {
            while (true) {
                int missing = firstMissing(first, end);
                if (missing < 0) {
                    return null;
                }
                for (int chunk = missing; chunk < end; chunk++) {
                    Run run = joined.get(chunk);
                    if (store.isTrusted(chunk)) {
                        continue;
                    }
                    if (run == null || (!run.ended() && !owners.owns(run, chunk))) {
                        return run == null ? null : run.failureOf(chunk);
                    }
                    if (run.ended()) {
                        return run.failureOf(chunk);
                    }
                }
                awaitChange(missing, joined.get(missing), deadline);
            }
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("WaitNotInLoop") // the caller loops
    private void awaitChange(int missing, @Nullable Run run, long deadline) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
            throw tooSlow(missing, run);
        }
        try {
            long ignored = changed.awaitNanos(left);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for bytes of " + name, e);
        }
    }

    private int firstMissing(int first, int end) {
        for (int chunk = first; chunk < end; chunk++) {
            if (!store.isTrusted(chunk)) {
                return chunk;
            }
        }
        return -1;
    }

    private ImageException tooSlow(int chunk, @Nullable Run run) {
        String progress = run == null
                ? "nobody fetches it"
                : (run.at() - run.begin()) + " of " + (run.end() - run.begin()) + " bytes of the request have arrived";
        String error =
                parts.statistics().lastError().map(e -> "; last error: " + e).orElse("");
        return new ImageException(
                ErrorKind.UNAVAILABLE,
                "cannot read " + index.path(index.chunkInode(chunk)) + " of " + name + ": bytes "
                        + index.chunkBlobOffset(chunk) + "-" + (index.chunkBlobEnd(chunk) - 1)
                        + " of the blob did not come within "
                        + parts.readTimeout().toMillis() + " ms, " + progress + error
                        + "; check the registry and the network");
    }

    private void requireOpen() {
        if (closed) {
            throw closedNow();
        }
    }

    private ImageException closedNow() {
        return new ImageException(ErrorKind.CANCELLED, "cannot fetch bytes of " + name + ": it is closed");
    }

    /// Ends all runs, and waits for them.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        threads.shutdownNow();
        threads.close();
        decoders.close();
    }

    /// What a run's bytes become.
    private final class Filling implements RunReader.Sink {
        private final Run run;

        Filling(Run run) {
            this.run = run;
        }

        @Override
        public List<Integer> wanted(Run.Group group) {
            return stillWanted(run, group);
        }

        @Override
        public void filled(int chunk, ByteBuffer bytes) {
            store.put(chunk, bytes);
            settle(chunk, null);
        }

        @Override
        public void failed(int chunk, ImageException cause) {
            parts.statistics().failed(cause.getMessage());
            settle(chunk, cause);
        }

        private void settle(int chunk, @Nullable ImageException cause) {
            lock.lock();
            try {
                if (cause != null) {
                    run.chunkFailed(chunk, cause);
                }
                owners.noteSpoilt(chunk, cause != null);
                owners.release(run, chunk);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
