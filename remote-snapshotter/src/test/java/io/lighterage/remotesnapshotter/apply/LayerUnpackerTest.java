package io.lighterage.remotesnapshotter.apply;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.linux.ErrnoException;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.stargz.compress.Compressed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The pipeline: verified to the last byte, stopped at once, leaving nothing running and nothing open.
class LayerUnpackerTest {
    @TempDir
    Path scratch;

    private Path target;
    private byte[] big;
    private long descriptorsBefore;

    @BeforeEach
    void begin() throws IOException {
        Unpacking.assumeRoot();
        target = scratch.resolve("root");
        byte[] content = new byte[3 << 20];
        new Random(11).nextBytes(content);
        big = tarOf(dir("d"), file("d/one", content), file("d/two", content), file("d/three", content));
        // The first use opens what stays open: libraries, /dev/urandom.
        byte[] small = tarOf(dir("d"));
        Unpacking.unpack(Compressed.gzip(small), small, scratch.resolve("warm"), ApplyOptions.merged("l"));
        descriptorsBefore = descriptors();
    }

    @AfterEach
    void nothingStaysBehind() throws IOException {
        if (big != null) {
            assertThat(Thread.getAllStackTraces().keySet())
                    .noneMatch(thread -> thread.getName().startsWith("lighter-"));
            assertThat(descriptors()).isLessThanOrEqualTo(descriptorsBefore);
        }
    }

    private static long descriptors() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    private ApplyReport unpack(Blob blob, Digest diffId) {
        return new LayerUnpacker(new NativeFileCalls())
                .unpack(blob, diffId, target, ApplyOptions.merged("sha256:abc"), count -> {});
    }

    private static ErrorKind kindOf(Throwable e) {
        return ((ImageException) e).kind();
    }

    @Test
    void everyCompressionGivesTheSameTree() throws IOException {
        for (byte[] blob : new byte[][] {big, Compressed.gzip(big), Compressed.zstd(big)}) {
            ApplyReport report = unpack(Unpacking.blobOf(blob), Digest.sha256(big));
            assertThat(report.tarBytes()).isEqualTo(big.length);
            assertThat(TreeListing.of(target).at("d/three").size()).isEqualTo(3 << 20);
        }
    }

    @Test
    void progressAddsUpToTheUncompressedLength() {
        AtomicLong total = new AtomicLong();
        new LayerUnpacker(new NativeFileCalls())
                .unpack(
                        Unpacking.blobOf(Compressed.gzip(big)),
                        Digest.sha256(big),
                        target,
                        ApplyOptions.merged("l"),
                        total::addAndGet);
        assertThat(total).hasValue(big.length);
    }

    @Test
    void aWrongDiffIdIsCorruptAndNamesLayerAndDigests() {
        Digest wrong = Digest.sha256(new byte[1]);
        assertThatThrownBy(() -> unpack(Unpacking.blobOf(Compressed.gzip(big)), wrong))
                .hasMessageContaining("sha256:abc")
                .hasMessageContaining(wrong.toString())
                .hasMessageContaining(Digest.sha256(big).toString())
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(ErrorKind.CORRUPT));
    }

    @Test
    void bytesAfterTheEndOfTheArchiveCountForTheDiffId() {
        byte[] longer = Arrays.copyOf(big, big.length + 1_000_000);
        longer[longer.length - 1] = 7;
        ApplyReport report = unpack(Unpacking.blobOf(Compressed.gzip(longer)), Digest.sha256(longer));
        assertThat(report.tarBytes()).isEqualTo(longer.length);
        assertThatThrownBy(() -> unpack(Unpacking.blobOf(Compressed.gzip(longer)), Digest.sha256(big)))
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(ErrorKind.CORRUPT));
    }

    @Test
    void diffIdsMayBeSha512() throws Exception {
        var hasher = Digest.newHasher("sha512");
        hasher.update(big);
        assertThat(unpack(Unpacking.blobOf(big), Digest.finish("sha512", hasher))
                        .entries())
                .isEqualTo(4);
    }

    @Test
    void aCutBlobIsCorrupt() {
        byte[] gzip = Compressed.gzip(big);
        byte[] cut = Arrays.copyOf(gzip, gzip.length / 2);
        assertThatThrownBy(() -> unpack(Unpacking.blobOf(cut), Digest.sha256(big)))
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(ErrorKind.CORRUPT));
    }

    @Test
    void aCutArchiveIsCorrupt() {
        byte[] cut = Arrays.copyOf(big, big.length / 2);
        assertThatThrownBy(() -> unpack(Unpacking.blobOf(Compressed.gzip(cut)), Digest.sha256(cut)))
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(ErrorKind.CORRUPT));
    }

    @Test
    void failuresOfTheBlobComeThrough() {
        Blob broken = new Growing(Compressed.gzip(big), 100_000) {
            @Override
            void atTheEdge() {
                throw new ImageException(ErrorKind.UNAVAILABLE, "the registry hung up");
            }
        };
        assertThatThrownBy(() -> unpack(broken, Digest.sha256(big)))
                .hasMessage("the registry hung up")
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(ErrorKind.UNAVAILABLE));
    }

    @Test
    void aFailureWhileApplyingEndsABlockedRead() {
        byte[] noise = new byte[5 << 20];
        new Random(3).nextBytes(noise);
        byte[] tar = tarOf(file("a", "x"), file("a/b", "x"), file("rest", noise));
        CountDownLatch never = new CountDownLatch(1);
        Blob stalled = new Growing(tar, 1 << 20) {
            @Override
            void atTheEdge() {
                try {
                    never.await();
                } catch (InterruptedException e) {
                    throw new ImageException(ErrorKind.CANCELLED, "interrupted", e);
                }
            }
        };
        assertThatThrownBy(() -> unpack(stalled, Digest.sha256(tar)))
                .hasMessageContaining("needs a directory at 'a'")
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(ErrorKind.INVALID))
                .satisfies(e -> assertThat(e.getSuppressed()).isEmpty());
    }

    @Test
    void interruptingTheCallerCancels() throws Exception {
        CountDownLatch stalledNow = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        Blob stalled = new Growing(big, 5 << 20) {
            @Override
            void atTheEdge() {
                stalledNow.countDown();
                try {
                    never.await();
                } catch (InterruptedException e) {
                    throw new ImageException(ErrorKind.CANCELLED, "interrupted", e);
                }
            }
        };
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        AtomicReference<Boolean> flag = new AtomicReference<>(false);
        Thread caller = Thread.ofVirtual().start(() -> {
            try {
                unpack(stalled, Digest.sha256(big));
            } catch (ImageException e) {
                failure.set(e);
                flag.set(Thread.currentThread().isInterrupted());
            }
        });
        stalledNow.await();
        caller.interrupt();
        caller.join();
        assertThat(failure.get()).isInstanceOf(ImageException.class);
        assertThat(kindOf(java.util.Objects.requireNonNull(failure.get()))).isEqualTo(ErrorKind.CANCELLED);
        assertThat(flag.get()).as("interrupt flag of the caller").isTrue();
    }

    @Test
    void aListenerThatThrowsStopsTheWork() {
        assertThatThrownBy(() -> new LayerUnpacker(new NativeFileCalls())
                        .unpack(Unpacking.blobOf(big), Digest.sha256(big), target, ApplyOptions.merged("l"), count -> {
                            throw new IllegalStateException("no more");
                        }))
                .hasMessage("no more");
    }

    @Test
    void aFullDiskIsExhaustedAndNamesFileAndRemedy() throws Exception {
        Files.createDirectories(target);
        Unpacking.command("mount", "-t", "tmpfs", "-o", "size=4m,nr_inodes=50", "tmpfs", target.toString());
        try {
            assertThatThrownBy(() -> unpack(Unpacking.blobOf(Compressed.gzip(big)), Digest.sha256(big)))
                    .hasMessageContaining("'d/two'")
                    .hasMessageContaining("ENOSPC")
                    .hasMessageContaining("free space")
                    .hasMessageContaining(target.toString())
                    .satisfies(e -> assertThat(kindOf(e)).isEqualTo(ErrorKind.EXHAUSTED));
            byte[] many = tarOf(manyFiles(100));
            assertThatThrownBy(() -> unpack(Unpacking.blobOf(many), Digest.sha256(many)))
                    .hasMessageContaining("df -i")
                    .satisfies(e -> assertThat(kindOf(e)).isEqualTo(ErrorKind.EXHAUSTED));
        } finally {
            Unpacking.command("umount", target.toString());
        }
    }

    private static io.lighterage.stargz.tar.Tars.Item[] manyFiles(int count) {
        io.lighterage.stargz.tar.Tars.Item[] items = new io.lighterage.stargz.tar.Tars.Item[count];
        for (int i = 0; i < count; i++) {
            items[i] = file("f" + i, "");
        }
        return items;
    }

    @Test
    void aReadOnlyFileSystemIsDenied() throws Exception {
        Files.createDirectories(target);
        Unpacking.command("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", target.toString());
        try {
            assertThatThrownBy(() -> unpack(Unpacking.blobOf(big), Digest.sha256(big)))
                    .hasMessageContaining("EROFS")
                    .satisfies(e -> assertThat(kindOf(e)).isEqualTo(ErrorKind.DENIED));
        } finally {
            Unpacking.command("umount", target.toString());
        }
    }

    @Test
    void aFailureOfACallThatThrowsIsNamedLikeOthers() {
        var broken = new ForwardingFileCalls(new NativeFileCalls()) {
            @Override
            public FileStatus statx(int directory, byte[] name) {
                throw new ErrnoException(Errno.EIO, "statx", "d");
            }
        };
        assertThatThrownBy(() -> new LayerUnpacker(broken)
                        .unpack(Unpacking.blobOf(big), Digest.sha256(big), target, ApplyOptions.merged("l"), n -> {}))
                .hasMessageContaining("cannot statx 'd'")
                .hasMessageContaining("EIO")
                .hasCauseInstanceOf(ErrnoException.class)
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(ErrorKind.INTERNAL));
    }

    @Test
    void theTargetMustBeADirectory() throws IOException {
        Files.writeString(target, "a file");
        assertThatThrownBy(() -> unpack(Unpacking.blobOf(big), Digest.sha256(big)))
                .hasMessageContaining(target.toString())
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(ErrorKind.PRECONDITION));
    }

    /// A blob that is still growing: at a certain length something happens.
    private abstract static class Growing implements Blob {
        private final Blob whole;
        private final long edge;

        Growing(byte[] bytes, long edge) {
            this.whole = Unpacking.blobOf(bytes);
            this.edge = edge;
        }

        abstract void atTheEdge();

        @Override
        public long size() {
            return whole.size();
        }

        @Override
        public int read(long position, ByteBuffer out) {
            if (position >= edge) {
                atTheEdge();
            }
            int room = (int) Math.min(out.remaining(), edge - position);
            ByteBuffer part = out.slice(out.position(), Math.max(room, 0));
            int count = whole.read(position, part);
            if (count > 0) {
                out.position(out.position() + count);
            }
            return count;
        }

        @Override
        public void close() {}
    }
}
