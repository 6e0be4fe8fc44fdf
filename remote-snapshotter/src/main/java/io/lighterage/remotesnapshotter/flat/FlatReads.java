package io.lighterage.remotesnapshotter.flat;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.stargz.index.LayerIndex;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/// Reads of what is not here. They wait in virtual threads that hold no buffer until the bytes are here; a few
/// buffers serve them all. How many wait is bounded by the kernel: [FuseNegotiation#BACKGROUND], and one
/// for each thread that reads.
///
/// A read is answered once: by the thread that takes it out of the table of those that wait.
final class FlatReads implements AutoCloseable {
    /// How soon a thread that waits dies after it was killed.
    private static final long LOOK_MILLIS = 250;

    private final Map<Long, Waiting> waiting = new ConcurrentHashMap<>();
    private final Map<Span, List<Waiting>> groups = new HashMap<>();
    private final ExecutorService fetches = Executors.newVirtualThreadPerTaskExecutor();
    private final FailedReads failed = new FailedReads();
    private final ReadFailures failures = new ReadFailures();
    private final ReplyBuffers buffers;
    private final Consumer<ByteBuffer> replies;
    private final IntPredicate killed;

    /// A read that has not been answered.
    ///
    /// @param watched whether somebody looks whether its thread is being killed
    private record Waiting(FlatNode file, FuseRequest.Read read, int count, AtomicBoolean watched) {}

    /// Chunks of a file that a read needs. The kernel asks for a file of an image page by page, all at once: those
    /// that need the same chunks wait together, and count as one read that waited.
    record Span(FlatNode file, int first, int last) {
        /// A read of a file's last page ends between chunks.
        static Span of(FlatNode file, long offset, long count) {
            LayerIndex index = file.index();
            int first = index.chunkAt(offset);
            int last = index.chunkAt(offset + count - 1);
            boolean beside = last == index.chunkCount() || index.chunkFlatOffset(last) >= offset + count;
            return new Span(file, first, beside ? Math.max(first, last - 1) : last);
        }
    }

    /// @param buffers for replies
    /// @param replies hands a reply to the kernel
    /// @param killed whether a thread is being killed
    FlatReads(ReplyBuffers buffers, Consumer<ByteBuffer> replies, IntPredicate killed) {
        this.buffers = buffers;
        this.replies = replies;
        this.killed = killed;
    }

    /// Begins a read; returns at once.
    ///
    /// @param count bytes, all of them in the file
    void begin(FlatNode file, FuseRequest.Read read, int count) {
        Waiting mine = new Waiting(file, read, count, new AtomicBoolean());
        waiting.put(read.unique(), mine);
        if (failed.justNow(file.node(), read.offset(), count)) {
            refuse(mine, Errno.EIO);
            return;
        }
        Span span = Span.of(file, read.offset(), count);
        synchronized (groups) {
            List<Waiting> others = groups.get(span);
            if (others != null) {
                others.add(mine);
                return;
            }
            groups.put(span, new ArrayList<>(List.of(mine)));
        }
        try {
            fetches.execute(() -> serve(span, mine));
        } catch (RejectedExecutionException e) {
            group(span).forEach(one -> refuse(one, Errno.EIO));
        }
    }

    /// Those who wait for a span; whoever comes from now on begins anew.
    private List<Waiting> group(Span span) {
        synchronized (groups) {
            return Objects.requireNonNullElse(groups.remove(span), List.of());
        }
    }

    private void serve(Span span, Waiting first) {
        long begun = System.nanoTime();
        try {
            first.file().content().ensure(first.read().offset(), first.count());
        } catch (ImageException e) {
            group(span).forEach(one -> failed(one, begun, e));
            return;
        } catch (RuntimeException | Error e) {
            ImageException failure = new ImageException(ErrorKind.INTERNAL, "reading failed: " + e, e);
            group(span).forEach(one -> failed(one, begun, failure));
            return;
        }
        for (Waiting one : group(span)) {
            try {
                if (waiting.containsKey(one.read().unique())) {
                    buffers.use(buffer -> answer(one, buffer));
                }
            } catch (ImageException e) {
                failed(one, begun, e);
            }
        }
    }

    private void answer(Waiting mine, ByteBuffer buffer) {
        ByteBuffer reply = read(mine.file(), mine.read(), mine.count(), buffer);
        if (waiting.remove(mine.read().unique(), mine)) {
            replies.accept(reply);
        }
    }

    /// The reply to a read of what is here.
    ///
    /// @throws ImageException as [io.lighterage.remotesnapshotter.lazy.TreeContent#read]
    static ByteBuffer read(FlatNode file, FuseRequest.Read read, int count, ByteBuffer buffer) {
        ByteBuffer room = FuseReply.room(buffer, count);
        int put = file.content().read(read.offset(), room);
        if (put != count) {
            throw new ImageException(
                    ErrorKind.INTERNAL, put + " bytes came at " + read.offset() + "; expected " + count);
        }
        return FuseReply.read(buffer, read.unique(), count);
    }

    private void failed(Waiting mine, long begun, ImageException cause) {
        failed.note(mine.file().node(), mine.read().offset(), mine.count(), System.nanoTime() - begun);
        if (refuse(mine, Errno.EIO)) {
            report(mine.file(), mine.read(), cause);
        }
    }

    /// Says in the log why a reader gets `EIO`.
    void report(FlatNode file, FuseRequest.Read read, ImageException cause) {
        failures.report(file.index().layer(), file.path(read.offset()), read.offset(), read.length(), cause);
    }

    private boolean refuse(Waiting mine, int errno) {
        boolean first = waiting.remove(mine.read().unique(), mine);
        if (first) {
            replies.accept(FuseReply.error(
                    ByteBuffer.allocateDirect(FuseFormat.OUT_HEADER),
                    mine.read().unique(),
                    errno));
        }
        return first;
    }

    /// A signal has come for the thread that waits for a read. Programs get signals all the time and expect no
    /// read of a file to end early by them, so the read ends only when the thread is being killed.
    ///
    /// @return false when no such read waits
    boolean interrupted(long unique) {
        Waiting mine = waiting.get(unique);
        if (mine == null) {
            return false;
        }
        if (mine.watched().compareAndSet(false, true)) {
            try {
                fetches.execute(() -> watch(mine));
            } catch (RejectedExecutionException e) {
                refuse(mine, Errno.EINTR);
            }
        }
        return true;
    }

    private void watch(Waiting mine) {
        while (mine.equals(waiting.get(mine.read().unique()))) {
            if (killed.test(mine.read().thread())) {
                boolean ignored = refuse(mine, Errno.EINTR);
                return;
            }
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /// Fails all reads of a file that wait.
    void refuse(FlatNode file) {
        for (Waiting one : waiting.values()) {
            if (one.file() == file) {
                boolean ignored = refuse(one, Errno.EIO);
            }
        }
    }

    /// Fails reads that wait and all later ones; the fetches behind them are interrupted.
    @Override
    public void close() {
        fetches.shutdownNow();
        for (Waiting one : waiting.values()) {
            boolean ignored = refuse(one, Errno.EIO);
        }
    }
}
