package io.lighterage.remotesnapshotter.lazy;

import static io.lighterage.remotesnapshotter.lazy.TestLayer.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.resolver.RemoteBlob;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a reader of a flat file gets, whatever happens to the blob, the network and the disk.
@Timeout(60)
class FlatFileTest {
    private static final int CHUNK = 64 << 10;

    @TempDir
    Path directory;

    @Test
    void everyByteIsTheLayersWhereverItIsRead() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        TestLayer layer = TestLayer.random(seed, 40, 300_000, CHUNK);
        try (OpenedFlat flat = new OpenedFlat(layer, new TestBlob(layer.blob()), directory)) {
            for (int i = 0; i < 300; i++) {
                int from = random.nextInt(layer.flatSize());
                int length = 1 + random.nextInt(Math.min(200_000, layer.flatSize() - from));
                assertThat(read(flat.file(), from, length))
                        .as("seed %d, read %d: %d bytes at %d", seed, i, length, from)
                        .isEqualTo(layer.flat(from, length));
            }
            flat.file().ensure(0, layer.flatSize());
            assertThat(flat.file().complete()).isTrue();
            assertThat(flat.file().bytesHere()).isEqualTo(flat.file().bytesTotal());
        }
    }

    @Test
    void chunksThatShareAMemberAreFetchedTogether() {
        TestLayer layer = TestLayer.of(files(6, 50_000), 20_000, 4);
        TestBlob blob = new TestBlob(layer.blob());
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
            for (int i = 5; i >= 0; i--) {
                long at = layer.flatOffset("f" + i);
                assertThat(read(flat.file(), at, 50_000)).isEqualTo(layer.flat(at, 50_000));
            }
        }
    }

    @Test
    void readsPastTheEndGiveNothing() {
        TestLayer layer = TestLayer.random(1, 3, 10_000, CHUNK);
        try (OpenedFlat flat = new OpenedFlat(layer, new TestBlob(layer.blob()), directory)) {
            assertThat(read(flat.file(), layer.flatSize(), 10)).isEmpty();
            assertThat(read(flat.file(), layer.flatSize() - 5L, 10)).hasSize(5);
        }
    }

    @Test
    void aHundredReadersOfOneChunkMakeOneRequest() {
        TestLayer layer = TestLayer.of(files(1, CHUNK), CHUNK, 1);
        CountDownLatch all = new CountDownLatch(100);
        TestBlob blob = new TestBlob(layer.blob()).before(request -> await(all));
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory);
                TaskGroup group = new TaskGroup("readers")) {
            for (int i = 0; i < 100; i++) {
                int from = i * 100;
                group.fork(() -> {
                    all.countDown();
                    assertThat(read(flat.file(), from, 100)).isEqualTo(layer.flat(from, 100));
                    return null;
                });
            }
            group.join();
            assertThat(blob.seen()).hasSize(1);
            assertThat(flat.statistics().waitingReads()).isZero();
            assertThat(flat.statistics().requests()).isEqualTo(1);
        }
    }

    @Test
    void neighboursAreFetchedWithOneRequestAndDistantFilesWithTwo() {
        TestLayer layer = TestLayer.of(files(40, CHUNK), CHUNK, 1);
        TestBlob blob = new TestBlob(layer.blob());
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
            flat.file().ensure(layer.flatOffset("f0"), 10 * CHUNK);
            assertThat(blob.seen()).hasSize(1);
            flat.file().ensure(layer.flatOffset("f35"), 1);
            assertThat(blob.seen()).hasSize(2);
            assertThat(blob.seen().getLast().length()).isLessThan(2 * CHUNK);
        }
    }

    @Test
    void whereAllIsFetchedInTheEndNeighboursOfARandomReadComeAlong() {
        TestLayer layer = TestLayer.of(files(40, 1000), 1000, 1);
        TestBlob blob = new TestBlob(layer.blob());
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory, Duration.ofSeconds(20), true)) {
            flat.file().ensure(layer.flatOffset("f3"), 1);
            assertThat(blob.seen()).hasSize(1);
            assertThat(blob.seen().getFirst().length()).isGreaterThan(10_000).isLessThan(200_000);
            flat.file().ensure(layer.flatOffset("f4"), 1000);
            flat.file().ensure(layer.flatOffset("f9"), 1000);
            assertThat(blob.seen()).hasSize(1);
        }
    }

    @Test
    void aSequentialReaderIsServedAhead() {
        TestLayer layer = TestLayer.of(files(1, 100 * CHUNK), CHUNK, 1);
        TestBlob blob = new TestBlob(layer.blob());
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
            for (int at = 0; at < 100 * CHUNK; at += CHUNK / 2) {
                assertThat(read(flat.file(), at, CHUNK / 2)).isEqualTo(layer.flat(at, CHUNK / 2));
            }
            assertThat(blob.seen().size()).as("requests for 100 chunks").isLessThan(20);
        }
    }

    @Test
    void aRandomReaderIsNot() {
        TestLayer layer = TestLayer.of(files(1, 100 * CHUNK), CHUNK, 1);
        TestBlob blob = new TestBlob(layer.blob());
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
            for (int chunk : new int[] {90, 10, 50, 30, 70}) {
                flat.file().ensure((long) chunk * CHUNK, 100);
            }
            assertThat(blob.seen()).hasSize(5).allMatch(request -> request.length() < 2 * CHUNK);
        }
    }

    @Test
    void aChunkWithAWrongDigestIsNeverServed() {
        TestLayer layer = TestLayer.of(files(3, CHUNK), CHUNK, 1);
        TestBlob blob = new TestBlob(layer.blob());
        blob.flip(layer.index().chunkBlobOffset(1) + 500);
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
            long at = layer.flatOffset("f1");
            ImageException failure = catchThrowableOfType(ImageException.class, () -> read(flat.file(), at, 10));
            assertThat(failure.kind()).isEqualTo(ErrorKind.CORRUPT);
            assertThat(failure)
                    .hasMessageContaining("f1")
                    .hasMessageContaining(layer.index().layer().toString());
            assertThat(flat.statistics().lastError()).isPresent();
            assertThat(read(flat.file(), layer.flatOffset("f2"), CHUNK))
                    .as("its neighbours are")
                    .isEqualTo(layer.flat(layer.flatOffset("f2"), CHUNK));
        }
    }

    @Test
    void aChunkMangledOnceOnTheWayIsFetchedAgain() {
        TestLayer layer = TestLayer.of(files(3, CHUNK), CHUNK, 1);
        AtomicBoolean mangled = new AtomicBoolean();
        TestBlob blob = new TestBlob(layer.blob()).onPiece((offset, piece) -> {
            if (mangled.compareAndSet(false, true)) {
                piece[piece.length - 1] ^= 1;
            }
        });
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
            assertThat(read(flat.file(), 0, CHUNK)).isEqualTo(layer.flat(0, CHUNK));
            assertThat(blob.seen()).hasSize(2);
        }
    }

    @Test
    void whatIsHereNeedsNoSourceAfterARestart() {
        TestLayer layer = TestLayer.random(5, 20, 200_000, CHUNK);
        try (OpenedFlat flat = new OpenedFlat(layer, new TestBlob(layer.blob()), directory)) {
            flat.file().ensure(0, layer.flatSize());
        }
        TestBlob unused = new TestBlob(layer.blob());
        try (OpenedFlat flat = new OpenedFlat(layer, unused, directory)) {
            assertThat(flat.file().complete()).isTrue();
            assertThat(read(flat.file(), 0, layer.flatSize())).isEqualTo(layer.flat(0, layer.flatSize()));
        }
        assertThat(unused.seen()).isEmpty();
    }

    @Test
    void aChunkDamagedOnDiskIsFetchedAgainAfterARestart() throws IOException {
        TestLayer layer = TestLayer.of(files(5, CHUNK), CHUNK, 1);
        try (OpenedFlat flat = new OpenedFlat(layer, new TestBlob(layer.blob()), directory)) {
            flat.file().ensure(0, layer.flatSize());
        }
        flipOnDisk(directory.resolve("flat"), layer.flatOffset("f2") + 7);
        TestBlob blob = new TestBlob(layer.blob());
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
            assertThat(read(flat.file(), 0, layer.flatSize())).isEqualTo(layer.flat(0, layer.flatSize()));
            assertThat(blob.seen()).hasSize(1);
        }
    }

    @Test
    void aReadThatGetsNoBytesFailsInTimeAndSaysWhy() {
        TestLayer layer = TestLayer.of(files(2, CHUNK), CHUNK, 1);
        CountDownLatch never = new CountDownLatch(1);
        TestBlob blob = new TestBlob(layer.blob()).before(request -> await(never));
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory, Duration.ofMillis(100))) {
            ImageException failure = catchThrowableOfType(ImageException.class, () -> read(flat.file(), 0, 10));
            assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
            assertThat(failure)
                    .hasMessageContaining("f0")
                    .hasMessageContaining(layer.index().layer().toString())
                    .hasMessageContaining("within 100 ms");
            never.countDown();
            assertThat(read(flat.file(), layer.flatOffset("f1"), CHUNK))
                    .isEqualTo(layer.flat(layer.flatOffset("f1"), CHUNK));
        }
    }

    @Test
    void aFailureOfTheSourceReachesTheReaderAndTheNextReadTriesAgain() {
        TestLayer layer = TestLayer.of(files(2, CHUNK), CHUNK, 1);
        AtomicBoolean away = new AtomicBoolean(true);
        TestBlob blob = new TestBlob(layer.blob()).before(request -> {
            if (away.get()) {
                throw new ImageException(ErrorKind.UNAVAILABLE, "the registry is away");
            }
        });
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
            ImageException failure = catchThrowableOfType(ImageException.class, () -> read(flat.file(), 0, 10));
            assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
            assertThat(failure).hasMessageContaining("the registry is away").hasMessageContaining("f0");
            away.set(false);
            assertThat(read(flat.file(), 0, CHUNK)).isEqualTo(layer.flat(0, CHUNK));
        }
    }

    @Test
    void aReaderWhoJoinedARunThatIsGivenUpBeginsItsOwn() {
        TestLayer layer = TestLayer.of(files(4, CHUNK), CHUNK, 1);
        try (OpenedFlat flat = new OpenedFlat(layer, new TestBlob(layer.blob()), directory);
                TaskGroup group = new TaskGroup("read")) {
            Fetching fetching = flat.file().fetching();
            List<Run> runs = fetching.beginPrefetch(List.of(1, 2));
            assertThat(runs).hasSize(1);
            assertThat(fetching.beginPrefetch(List.of(1, 2)))
                    .as("somebody brings them")
                    .isEmpty();
            long at = layer.flatOffset("f1");
            TaskGroup.Subtask<byte[]> reader = group.fork(() -> read(flat.file(), at, CHUNK));
            while (flat.statistics().waitingReads() == 0) {
                Thread.onSpinWait();
            }
            fetching.abandon(runs.getFirst());
            assertThat(reader.get()).isEqualTo(layer.flat(at, CHUNK));
            assertThat(fetching.beginPrefetch(List.of(1, 2)))
                    .as("the second is missing still")
                    .hasSize(1);
        }
    }

    @Test
    void aDemandReadPassesARunThatIsFarFromItsChunk() {
        TestLayer layer = TestLayer.of(files(40, CHUNK), CHUNK, 1);
        CountDownLatch served = new CountDownLatch(1);
        TestBlob blob = new TestBlob(layer.blob()).before(request -> {
            if (request.priority() != RemoteBlob.DEMAND) {
                await(served);
            }
        });
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory);
                TaskGroup group = new TaskGroup("bulk")) {
            Fetching fetching = flat.file().fetching();
            List<Run> runs = fetching.beginBulk(0, RemoteBlob.BACKGROUND);
            assertThat(runs).hasSize(1);
            group.fork(() -> fetching.execute(runs.getFirst()));
            long at = layer.flatOffset("f39");
            assertThat(read(flat.file(), at, CHUNK)).isEqualTo(layer.flat(at, CHUNK));
            served.countDown();
            group.join();
            assertThat(flat.file().complete()).isTrue();
        }
    }

    @Test
    void aServerThatIgnoresRangesFillsTheFileInOneGo() {
        TestLayer layer = TestLayer.of(files(40, CHUNK), CHUNK, 1);
        TestBlob blob = new TestBlob(layer.blob()).ignoringRanges();
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
            for (int i = 39; i >= 0; i--) {
                long at = layer.flatOffset("f" + i);
                assertThat(read(flat.file(), at, CHUNK)).isEqualTo(layer.flat(at, CHUNK));
            }
            assertThat(blob.seen()).hasSize(1);
        }
    }

    @Test
    void closingEndsTheReadsThatWait() throws Exception {
        TestLayer layer = TestLayer.of(files(1, CHUNK), CHUNK, 1);
        CountDownLatch asked = new CountDownLatch(1);
        TestBlob blob = new TestBlob(layer.blob()).before(request -> {
            asked.countDown();
            await(new CountDownLatch(1));
        });
        OpenedFlat flat = new OpenedFlat(layer, blob, directory);
        Thread closer = Thread.ofVirtual().start(() -> {
            await(asked);
            flat.close();
        });
        ImageException failure = catchThrowableOfType(ImageException.class, () -> read(flat.file(), 0, 10));
        closer.join();
        assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    }

    @Test
    void theSlowestReadsAreRemembered() {
        TestLayer layer = TestLayer.of(files(3, CHUNK), CHUNK, 1);
        try (OpenedFlat flat = new OpenedFlat(layer, new TestBlob(layer.blob()), directory)) {
            read(flat.file(), layer.flatOffset("f1") + 10, 20);
            assertThat(flat.statistics().demandReads()).isEqualTo(1);
            SlowRead slow = flat.statistics().slowest().getFirst();
            assertThat(slow.path()).isEqualTo("f1");
            assertThat(slow.offset()).isEqualTo(10);
            assertThat(slow.roundTrips()).isEqualTo(1);
            assertThat(slow.bytesFetched()).isPositive();
        }
    }

    @Test
    void aListenerHearsEveryReadAndEachChunkOnceInTheOrderOfReading() {
        TestLayer layer = TestLayer.of(files(3, 2 * CHUNK), CHUNK, 1);
        List<String> heard = new ArrayList<>();
        List<String> read = new ArrayList<>();
        List<Long> compressed = new ArrayList<>();
        try (OpenedFlat flat = new OpenedFlat(layer, new TestBlob(layer.blob()), directory)) {
            flat.file().ensure(0, layer.flatSize());
            flat.file().listen(new DemandListener() {
                @Override
                public void demanded(Chunk chunk) {
                    heard.add(chunk.path() + "@" + chunk.offset() + "+" + chunk.length());
                    compressed.add(chunk.blobLength());
                }

                @Override
                public void read(LayerIndex index, int file, long offset, long length) {
                    read.add(index.path(file) + "@" + offset + "+" + length);
                }
            });
            read(flat.file(), layer.flatOffset("f2"), 10);
            read(flat.file(), layer.flatOffset("f0") + CHUNK, 10);
            read(flat.file(), layer.flatOffset("f2"), 10);
        }
        assertThat(heard).containsExactly("f2@0+" + CHUNK, "f0@" + CHUNK + "+" + CHUNK);
        assertThat(read).containsExactly("f2@0+10", "f0@" + CHUNK + "+10", "f2@0+10");
        assertThat(compressed).allSatisfy(bytes -> assertThat(bytes).isBetween(1L, 2L * CHUNK));
    }

    static Map<String, byte[]> files(int count, int size) {
        Random random = new Random(count);
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            files.put("f" + i, bytes);
        }
        return files;
    }

    static void flipOnDisk(Path file, long offset) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.seek(offset);
            int old = opened.read();
            opened.seek(offset);
            opened.write(old ^ 0x10);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted", e);
        }
    }
}
