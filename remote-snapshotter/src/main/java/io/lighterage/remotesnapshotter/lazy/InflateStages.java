package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.apply.PieceRing;
import io.lighterage.stargz.ByteSource;
import io.lighterage.stargz.compress.Decompression;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Inflates a layer, hashes it, and lets somebody read it, at the same time and in constant memory. Each stage is a
/// platform thread: they compute, and must not keep virtual threads from their carriers.
///
/// The first stage that fails ends the others.
final class InflateStages {
    /// Pieces in flight, 4 MiB.
    private static final int PIECES = 16;
    /// `MessageDigest` copies direct buffers 4 KiB at a time; with 64 KiB of our own it does as well as on an array.
    private static final int HASH_BYTES = 64 << 10;
    private static final int HASHING = 0;
    private static final int READING = 1;

    private final Blob compressed;
    private final String what;
    private final PieceRing ring = new PieceRing(PIECES, 2);
    private final CountDownLatch readers = new CountDownLatch(2);
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final List<Thread> stages;

    private InflateStages(Blob compressed, String what, MessageDigest hasher, Consumer<ByteSource> reader) {
        this.compressed = compressed;
        this.what = what;
        stages = List.of(
                stage("inflate", this::inflate),
                stage("hash", reading(() -> hash(hasher))),
                stage("read", reading(() -> reader.accept(ring.reader(READING)))));
    }

    /// @param compressed may still be growing; not closed here
    /// @param what names the layer in failures
    /// @param algorithm of the digest
    /// @param reader reads the stream to its end, in a thread of its own
    /// @return digest of the uncompressed stream
    /// @throws ImageException CANCELLED when interrupted, and what blob and reader throw
    static Digest run(Blob compressed, String what, String algorithm, Consumer<ByteSource> reader) {
        MessageDigest hasher = Digest.newHasher(algorithm);
        InflateStages all = new InflateStages(compressed, what, hasher, reader);
        all.stages.forEach(Thread::start);
        all.join();
        all.throwFailure();
        return Digest.finish(algorithm, hasher);
    }

    private void inflate() {
        Decompression.Settings usual = Decompression.Settings.of(what);
        Decompression.Settings ringed =
                new Decompression.Settings(usual.what(), usual.limits(), usual.engine(), PIECES);
        try (Decompression opened = Decompression.open(compressed, ringed)) {
            try {
                ring.fill(opened);
            } catch (RuntimeException | Error e) {
                fail(e);
            }
            // The pieces are this thread's memory: it goes when nobody looks at them any more.
            awaitReaders();
        }
    }

    private void awaitReaders() {
        while (readers.getCount() > 0) {
            try {
                readers.await();
            } catch (InterruptedException e) {
                ring.cancel(); // by a reader that failed, or by whoever waits for us all
            }
        }
    }

    private void hash(MessageDigest hasher) {
        byte[] block = new byte[HASH_BYTES];
        ByteSource pieces = ring.reader(HASHING);
        for (ByteBuffer piece = pieces.next(); piece != null; piece = pieces.next()) {
            while (piece.hasRemaining()) {
                int count = Math.min(block.length, piece.remaining());
                piece.get(block, 0, count);
                hasher.update(block, 0, count);
            }
        }
    }

    private Runnable reading(Runnable work) {
        return () -> {
            try {
                work.run();
            } finally {
                readers.countDown();
            }
        };
    }

    private Thread stage(String name, Runnable work) {
        return Thread.ofPlatform()
                .name("lighter-" + name + "-" + what)
                .daemon(true)
                .unstarted(() -> {
                    try {
                        work.run();
                    } catch (Throwable e) {
                        fail(e);
                    }
                });
    }

    /// Keeps the first failure and ends the other stages, wherever they wait.
    private void fail(Throwable cause) {
        if (cause instanceof PieceRing.Cancelled) {
            return; // whoever cancelled has said why
        }
        boolean first = failure.compareAndSet(null, cause);
        if (first) {
            ring.cancel();
            for (Thread stage : stages) {
                if (!stage.equals(Thread.currentThread())) {
                    stage.interrupt();
                }
            }
        }
    }

    private void join() {
        boolean interrupted = false;
        for (int at = 0; at < stages.size(); ) {
            try {
                stages.get(at).join();
                at++;
            } catch (InterruptedException e) {
                interrupted = true;
                fail(new ImageException(ErrorKind.CANCELLED, "interrupted while inflating " + what, e));
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void throwFailure() {
        switch (failure.get()) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new ImageException(ErrorKind.INTERNAL, e.toString(), e);
        }
    }
}
