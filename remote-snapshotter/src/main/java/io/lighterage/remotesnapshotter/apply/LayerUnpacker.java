package io.lighterage.remotesnapshotter.apply;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.ErrnoException;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.ByteSource;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.compress.Decompression;
import io.lighterage.stargz.tar.TarReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Unpacks one layer: inflate, hash and apply at the same time, each in its own thread, in constant memory
/// ([#PIECES] buffers of [Decompression#BUFFER_BYTES], see [PieceRing]) and with no copy of the uncompressed layer.
///
/// The first stage that fails stops the others; all threads have ended when [#unpack] returns or throws. What a
/// failed layer has left in the target is the caller's to remove. Safe for use by several threads.
public final class LayerUnpacker {
    /// Pieces in flight, 4 MiB: enough for the inflating thread to go on while a directory is removed or made.
    static final int PIECES = 16;

    private static final int HASHING = 0;
    private static final int APPLYING = 1;

    /// `MessageDigest` copies direct buffers 4 KiB at a time; with 64 KiB of our own it does as well as on an array.
    private static final int HASH_BYTES = 64 << 10;

    private final FileCalls calls;
    private final ProcessRights rights;

    public LayerUnpacker(FileCalls calls) {
        this(calls, ProcessRights.ofThisProcess());
    }

    /// @param rights what to take this process to be allowed; ordinary callers leave it to the other constructor
    public LayerUnpacker(FileCalls calls, ProcessRights rights) {
        this.calls = calls;
        this.rights = rights;
    }

    /// Unpacks a layer and returns when all of it is in the tree and its digest is verified.
    ///
    /// @param compressed the layer blob; it may still grow, its `read` blocking meanwhile, and must end such a wait
    ///     when its thread is interrupted; closing it is the caller's
    /// @param diffId digest of the uncompressed tar stream
    /// @param target the directory, made when missing
    /// @param uncompressedBytes told of every piece applied: the number of its bytes, not a total
    /// @throws ImageException CORRUPT when the stream has another digest or is broken, INVALID for malformed
    ///     entries, EXHAUSTED when the disk is full, DENIED, UNSUPPORTED, CANCELLED when this thread is
    ///     interrupted, and what the blob throws
    public ApplyReport unpack(
            Blob compressed, Digest diffId, Path target, ApplyOptions options, LongConsumer uncompressedBytes) {
        Refusal refusal = new Refusal(target.toString(), options.label());
        int root = openTarget(target, refusal);
        try {
            return new Run(compressed, diffId, root, options, refusal, uncompressedBytes).run();
        } finally {
            int ignored = calls.close(root);
        }
    }

    private int openTarget(Path target, Refusal refusal) {
        try {
            Files.createDirectories(target);
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot create directory " + target + " to unpack layer " + refusal.label() + ": " + e
                            + "; name a directory that can be written",
                    e);
        }
        byte[] path = RawName.of(target.toString()).toBytes();
        int flags = Flags.O_PATH | Flags.O_DIRECTORY | Flags.O_CLOEXEC;
        return refusal.check(calls.openat2(Flags.AT_FDCWD, path, flags, 0, 0), "open directory", target);
    }

    /// One unpacking.
    private final class Run {
        private final Blob compressed;
        private final Digest diffId;
        private final int root;
        private final ApplyOptions options;
        private final Refusal refusal;
        private final LongConsumer progress;
        private final PieceRing ring = new PieceRing(PIECES, 2);
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private final CountDownLatch readers = new CountDownLatch(2);
        private final List<Thread> stages;
        private @Nullable Digest actual;
        private @Nullable ApplyReport report;

        Run(Blob compressed, Digest diffId, int root, ApplyOptions options, Refusal refusal, LongConsumer progress) {
            this.compressed = compressed;
            this.diffId = diffId;
            this.root = root;
            this.options = options;
            this.refusal = refusal;
            this.progress = progress;
            stages = List.of(
                    stage("inflate", this::inflate),
                    stage("hash", reading(this::hash)),
                    stage("apply", reading(this::apply)));
        }

        ApplyReport run() {
            stages.forEach(Thread::start);
            join();
            throwFailure();
            if (actual == null || report == null) {
                throw new IllegalStateException("a stage ended without its result");
            }
            if (!actual.equals(diffId)) {
                throw new ImageException(
                        ErrorKind.CORRUPT,
                        "layer " + options.label() + " holds other bytes than the image says: its uncompressed "
                                + report.tarBytes() + " bytes have digest " + actual + "; expected " + diffId
                                + ". What was unpacked must not be used");
            }
            return report;
        }

        private void inflate() {
            Decompression.Settings usual = Decompression.Settings.of("layer " + options.label());
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
            boolean interrupted = false;
            while (readers.getCount() > 0) {
                try {
                    readers.await();
                } catch (InterruptedException e) {
                    interrupted = true; // by a reader that failed, which ends now
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        private void hash() {
            MessageDigest hasher = diffId.newHasher();
            byte[] block = new byte[HASH_BYTES];
            ByteSource pieces = ring.reader(HASHING);
            for (ByteBuffer piece = pieces.next(); piece != null; piece = pieces.next()) {
                while (piece.hasRemaining()) {
                    int count = Math.min(block.length, piece.remaining());
                    piece.get(block, 0, count);
                    hasher.update(block, 0, count);
                }
            }
            actual = Digest.finish(diffId.algorithm(), hasher);
        }

        private void apply() {
            Counting pieces = new Counting(ring.reader(APPLYING), progress);
            TargetTree tree = new TargetTree(calls, root, refusal, rights.privileged());
            try (LowerLayers lowers = new LowerLayers(calls, options, refusal, rights)) {
                LayerApplier applier = new LayerApplier(tree, rights, lowers);
                TarReader tar = new TarReader(pieces);
                applier.apply(tar);
                // The archive has ended, the stream may not have: the digest is of all of it.
                tar.drain();
                report = applier.report(pieces.total);
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
                    .name("lighter-" + name + "-" + diffId.shortHex())
                    .daemon(true)
                    .unstarted(() -> {
                        try {
                            work.run();
                        } catch (Throwable e) {
                            fail(e);
                        }
                    });
        }

        /// Keeps the first failure and stops all other stages, wherever they wait: the ring lets go of them, and an
        /// interrupt ends a blocked read of the blob.
        private void fail(Throwable thrown) {
            if (thrown instanceof PieceRing.Cancelled) {
                return; // whoever cancelled has said why
            }
            Throwable cause = thrown instanceof ErrnoException e ? refusal.of(e) : thrown;
            boolean first = failure.compareAndSet(null, cause);
            Throwable root = failure.get();
            if (!first && root != null && !isCancellation(cause)) {
                root.addSuppressed(cause);
            }
            ring.cancel();
            for (Thread stage : stages) {
                if (!stage.equals(Thread.currentThread())) {
                    stage.interrupt();
                }
            }
        }

        private static boolean isCancellation(Throwable cause) {
            return cause instanceof ImageException e && e.kind() == ErrorKind.CANCELLED;
        }

        private void join() {
            boolean interrupted = false;
            for (int at = 0; at < stages.size(); ) {
                try {
                    stages.get(at).join();
                    at++;
                } catch (InterruptedException e) {
                    interrupted = true;
                    fail(new ImageException(
                            ErrorKind.CANCELLED, "unpacking layer " + options.label() + " was interrupted", e));
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

    /// Counts what goes through.
    private static final class Counting implements ByteSource {
        private final ByteSource source;
        private final LongConsumer listener;
        private long total;
        private int current;

        Counting(ByteSource source, LongConsumer listener) {
            this.source = source;
            this.listener = listener;
        }

        @Override
        public @Nullable ByteBuffer next() {
            if (current > 0) {
                listener.accept(current);
            }
            ByteBuffer piece = source.next();
            current = piece == null ? 0 : piece.remaining();
            total += current;
            return piece;
        }

        @Override
        public void close() {
            source.close();
        }
    }
}
