package io.lighterage.contentstore;

import static io.lighterage.contentstore.Failures.kind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ContentStore.IngestResult;
import io.lighterage.contentstore.Ingest.ByteRange;
import io.lighterage.contentstore.disk.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/// What every [ContentStore] and [Ingest] does.
public abstract class ContentStoreContract {
    /// A store of one namespace, empty at the beginning of each test.
    protected abstract ContentStore content();

    @Test
    void committedBytesAreReadBack() {
        byte[] bytes = Bytes.random(1, 777_777);
        Descriptor blob = Bytes.layer(bytes);
        assertThat(content().info(blob.digest())).isEmpty();
        try (Ingest ingest = Bytes.writing(content(), blob)) {
            assertThat(ingest.expected()).isEqualTo(blob);
            assertThat(ingest.missing()).containsExactly(new ByteRange(0, bytes.length));
            ByteBuffer source = ByteBuffer.wrap(bytes);
            ingest.write(0, source);
            assertThat(source.hasRemaining()).isFalse();
            assertThat(ingest.missing()).isEmpty();
            assertThat(ingest.contiguous()).isEqualTo(bytes.length);
            assertThat(content().info(blob.digest())).isEmpty();
            BlobInfo info = ingest.commit();
            assertThat(info.digest()).isEqualTo(blob.digest());
            assertThat(info.size()).isEqualTo(bytes.length);
            assertThat(content().info(blob.digest())).contains(info);
        }
        assertThat(Bytes.read(content(), blob.digest())).isEqualTo(bytes);
        assertThat(content().list()).extracting(BlobInfo::digest).containsExactly(blob.digest());
        assertThat(content().ingest(blob)).isInstanceOf(IngestResult.Present.class);
    }

    @Test
    void anEmptyBlobIsCommittedWithoutAWrite() {
        Descriptor blob = Bytes.layer(new byte[0]);
        try (Ingest ingest = Bytes.writing(content(), blob)) {
            assertThat(ingest.missing()).isEmpty();
            ingest.write(0, ByteBuffer.allocate(0));
            ingest.commit();
        }
        assertThat(Bytes.read(content(), blob.digest())).isEmpty();
    }

    @Test
    void readsPastTheEndGiveMinusOneAndShortReadsStopThere() {
        byte[] bytes = Bytes.random(2, 1000);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content(), blob, bytes);
        try (Blob open = content().open(blob.digest())) {
            assertThat(open.read(1000, ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(open.read(5000, ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(open.read(990, ByteBuffer.allocate(100))).isEqualTo(10);
            assertThatThrownBy(() -> open.readFully(990, ByteBuffer.allocate(100)))
                    .satisfies(kind(ErrorKind.CORRUPT));
        }
    }

    @Test
    void rangesInAnyOrderFromSeveralThreadsGiveTheRightBytes() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        Random random = new Random(seed);
        byte[] bytes = Bytes.random(seed, 6_000_000);
        Descriptor blob = Bytes.layer(bytes);
        List<ByteRange> pieces = new ArrayList<>();
        for (int at = 0; at < bytes.length; ) {
            int length = Math.min(bytes.length - at, 1 + random.nextInt(1 << random.nextInt(8, 20)));
            pieces.add(new ByteRange(at, length));
            at += length;
        }
        // Some ranges twice: hedged requests.
        pieces.addAll(List.copyOf(pieces.subList(0, pieces.size() / 10)));
        Collections.shuffle(pieces, random);
        try (Ingest ingest = Bytes.writing(content(), blob);
                var threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> writes = new ArrayList<>();
            for (ByteRange piece : pieces) {
                boolean direct = random.nextBoolean();
                writes.add(threads.submit(() -> write(ingest, bytes, piece, direct)));
            }
            for (Future<?> write : writes) {
                write.get();
            }
            assertThat(ingest.missing()).as("seed %s", seed).isEmpty();
            ingest.commit();
        }
        assertThat(Bytes.read(content(), blob.digest())).as("seed %s", seed).isEqualTo(bytes);
    }

    private static void write(Ingest ingest, byte[] bytes, ByteRange piece, boolean direct) {
        ByteBuffer heap = ByteBuffer.wrap(bytes, (int) piece.offset(), (int) piece.length());
        if (!direct) {
            ingest.write(piece.offset(), heap.asReadOnlyBuffer());
            return;
        }
        ByteBuffer copy = ByteBuffer.allocateDirect((int) piece.length() + 3);
        copy.position(2).put(heap).flip().position(2);
        ingest.write(piece.offset(), copy);
        assertThat(copy.position()).isEqualTo(copy.limit());
    }

    @Test
    void missingNamesTheGapsBetweenWrites() {
        byte[] bytes = Bytes.random(3, 1000);
        try (Ingest ingest = Bytes.writing(content(), Bytes.layer(bytes))) {
            ingest.write(100, ByteBuffer.wrap(bytes, 100, 100));
            ingest.write(300, ByteBuffer.wrap(bytes, 300, 100));
            assertThat(ingest.missing())
                    .containsExactly(new ByteRange(0, 100), new ByteRange(200, 100), new ByteRange(400, 600));
            assertThat(ingest.contiguous()).isZero();
            ingest.write(0, ByteBuffer.wrap(bytes, 0, 150));
            assertThat(ingest.contiguous()).isEqualTo(200);
            assertThatThrownBy(ingest::commit)
                    .satisfies(kind(ErrorKind.PRECONDITION))
                    .hasMessageContaining("700 of 1000");
        }
    }

    @Test
    void bytesOfAnUnfinishedIngestAreThereForTheNext() {
        byte[] bytes = Bytes.random(4, 2_000_000);
        Descriptor blob = Bytes.layer(bytes);
        try (Ingest ingest = Bytes.writing(content(), blob)) {
            ingest.write(0, ByteBuffer.wrap(bytes, 0, 700_001));
        }
        try (Ingest ingest = Bytes.writing(content(), blob)) {
            assertThat(ingest.contiguous()).isEqualTo(700_001);
            assertThat(ingest.missing()).containsExactly(new ByteRange(700_001, 1_299_999));
            ingest.write(700_001, ByteBuffer.wrap(bytes, 700_001, 1_299_999));
            ingest.commit();
        }
        assertThat(Bytes.read(content(), blob.digest())).isEqualTo(bytes);
    }

    @Test
    void wrongBytesAreRefusedAndThrownAway() {
        byte[] bytes = Bytes.random(5, 300_000);
        Descriptor blob = Bytes.layer(bytes);
        byte[] wrong = bytes.clone();
        wrong[299_999] ^= 1;
        try (Ingest ingest = Bytes.writing(content(), blob);
                Blob tail = ingest.tail()) {
            ingest.write(0, ByteBuffer.wrap(wrong));
            assertThatThrownBy(ingest::commit)
                    .satisfies(kind(ErrorKind.CORRUPT))
                    .hasMessageContaining(blob.digest().toString())
                    .hasMessageContaining(Digest.sha256(wrong).toString());
            assertThatThrownBy(() -> tail.read(0, ByteBuffer.allocate(1))).satisfies(kind(ErrorKind.CORRUPT));
            assertThatThrownBy(() -> ingest.write(0, ByteBuffer.wrap(bytes))).satisfies(kind(ErrorKind.PRECONDITION));
        }
        assertThat(content().info(blob.digest())).isEmpty();
        try (Ingest ingest = Bytes.writing(content(), blob)) {
            assertThat(ingest.missing()).containsExactly(new ByteRange(0, bytes.length));
            ingest.write(0, ByteBuffer.wrap(bytes));
            ingest.commit();
        }
        assertThat(Bytes.read(content(), blob.digest())).isEqualTo(bytes);
    }

    @Test
    void bytesPastTheExpectedSizeAreRefused() {
        byte[] bytes = Bytes.random(6, 1000);
        try (Ingest ingest = Bytes.writing(content(), Bytes.layer(bytes))) {
            assertThatThrownBy(() -> ingest.write(999, ByteBuffer.allocate(2)))
                    .satisfies(kind(ErrorKind.CORRUPT))
                    .hasMessageContaining("1000");
            assertThatThrownBy(() -> ingest.write(Long.MAX_VALUE, ByteBuffer.allocate(2)))
                    .satisfies(kind(ErrorKind.CORRUPT));
            assertThatThrownBy(() -> ingest.write(-1, ByteBuffer.allocate(1))).satisfies(kind(ErrorKind.CORRUPT));
            ingest.write(0, ByteBuffer.wrap(bytes));
            ingest.commit();
        }
    }

    @Test
    void whatIsHereIsNotRewritten() {
        byte[] bytes = Bytes.random(7, 1000);
        Descriptor blob = Bytes.layer(bytes);
        try (Ingest ingest = Bytes.writing(content(), blob)) {
            ingest.write(500, ByteBuffer.wrap(bytes, 500, 300));
            ingest.write(450, ByteBuffer.wrap(bytes, 450, 10));
            ingest.write(480, ByteBuffer.wrap(Arrays.copyOfRange(bytes, 480, 500)));
            ingest.write(500, ByteBuffer.wrap(new byte[300]));
            ingest.write(0, ByteBuffer.wrap(bytes, 0, 400));
            ingest.write(0, ByteBuffer.wrap(new byte[300]));
            ingest.write(300, ByteBuffer.wrap(bytes, 300, 700));
            ingest.commit();
        }
        assertThat(Bytes.read(content(), blob.digest())).isEqualTo(bytes);
    }

    @Test
    void writersThatDisagreeNeverStoreWrongBytes() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        Random random = new Random(seed);
        byte[] bytes = Bytes.random(seed, 400_000);
        byte[] wrong = Bytes.random(~seed, 400_000);
        Descriptor blob = Bytes.layer(bytes);
        for (int round = 0; round < 30 && content().info(blob.digest()).isEmpty(); round++) {
            try (Ingest ingest = Bytes.writing(content(), blob);
                    var threads = Executors.newFixedThreadPool(3)) {
                List<Future<?>> writes = new ArrayList<>();
                int wrongs = random.nextInt(3);
                for (int at = 0; at < bytes.length; at += 40_000) {
                    int from = at;
                    writes.add(threads.submit(() -> ingest.write(from, ByteBuffer.wrap(bytes, from, 40_000))));
                }
                for (int i = 0; i < wrongs; i++) {
                    int from = random.nextInt(300_000);
                    writes.add(threads.submit(() -> ingest.write(from, ByteBuffer.wrap(wrong, from, 60_000))));
                }
                for (Future<?> write : writes) {
                    write.get();
                }
                ingest.commit();
            } catch (ImageException e) {
                assertThat(e.kind()).as("seed %s", seed).isEqualTo(ErrorKind.CORRUPT);
            }
        }
        if (content().info(blob.digest()).isPresent()) {
            assertThat(Bytes.read(content(), blob.digest())).as("seed %s", seed).isEqualTo(bytes);
        }
    }

    @Test
    void aTailReaderSeesBytesWhileTheyAreWritten() throws Exception {
        byte[] bytes = Bytes.random(8, 1_000_000);
        Descriptor blob = Bytes.layer(bytes);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Ingest ingest = Bytes.writing(content(), blob);
            List<Future<byte[]>> readers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Blob tail = ingest.tail();
                readers.add(threads.submit(() -> {
                    try (tail) {
                        return Bytes.read(tail);
                    }
                }));
            }
            try (Blob tail = ingest.tail()) {
                ingest.write(600_000, ByteBuffer.wrap(bytes, 600_000, 100));
                ByteBuffer target = ByteBuffer.allocate(1000);
                assertThat(tail.read(600_050, target)).isEqualTo(50);
                assertThat(target.get(0)).isEqualTo(bytes[600_050]);
                ingest.write(0, ByteBuffer.wrap(bytes, 0, 600_000));
                ingest.write(600_000, ByteBuffer.wrap(bytes, 600_000, 400_000));
                ingest.commit();
                ingest.close();
                assertThat(Bytes.read(tail)).isEqualTo(bytes);
                assertThat(tail.read(bytes.length, target)).isEqualTo(-1);
            }
            for (Future<byte[]> reader : readers) {
                assertThat(reader.get()).isEqualTo(bytes);
            }
        }
    }

    @Test
    void waitingTailReadersLearnWhyTheIngestFailed() throws Exception {
        Descriptor blob = Bytes.layer(Bytes.random(9, 1000));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor();
                Ingest ingest = Bytes.writing(content(), blob);
                Blob tail = ingest.tail()) {
            Future<Integer> reader = threads.submit(() -> tail.read(10, ByteBuffer.allocate(1)));
            ingest.fail(new ImageException(ErrorKind.UNAVAILABLE, "the registry went away"));
            assertThatThrownBy(reader::get)
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .satisfies(kind(ErrorKind.UNAVAILABLE))
                    .hasMessageContaining("went away");
        }
    }

    @Test
    void closingWithoutACommitCancelsWaitingTailReaders() throws Exception {
        Descriptor blob = Bytes.layer(Bytes.random(10, 1000));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Ingest ingest = Bytes.writing(content(), blob);
            Blob tail = ingest.tail();
            Future<Integer> reader = threads.submit(() -> tail.read(10, ByteBuffer.allocate(1)));
            ingest.close();
            ingest.close();
            assertThatThrownBy(reader::get).cause().satisfies(kind(ErrorKind.CANCELLED));
            assertThatThrownBy(() -> ingest.write(0, ByteBuffer.allocate(1))).satisfies(kind(ErrorKind.PRECONDITION));
            tail.close();
        }
    }

    @Test
    void aSecondIngestWaitsForTheFirstAndFindsTheBlob() throws Exception {
        byte[] bytes = Bytes.random(11, 1000);
        Descriptor blob = Bytes.layer(bytes);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Ingest ingest = Bytes.writing(content(), blob);
            CountDownLatch begun = new CountDownLatch(1);
            Future<IngestResult> second = threads.submit(() -> {
                begun.countDown();
                return content().ingest(blob);
            });
            begun.await();
            ingest.write(0, ByteBuffer.wrap(bytes));
            assertThat(second.isDone()).isFalse();
            ingest.commit();
            ingest.close();
            assertThat(second.get()).isInstanceOf(IngestResult.Present.class);
        }
    }

    @Test
    void aSecondIngestTakesOverWhenTheFirstGivesUp() throws Exception {
        byte[] bytes = Bytes.random(12, 1000);
        Descriptor blob = Bytes.layer(bytes);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Ingest ingest = Bytes.writing(content(), blob);
            Future<IngestResult> second = threads.submit(() -> content().ingest(blob));
            ingest.write(0, ByteBuffer.wrap(bytes, 0, 400));
            ingest.close();
            assertThat(second.get()).isInstanceOfSatisfying(IngestResult.Writing.class, writing -> {
                assertThat(writing.ingest().missing()).containsExactly(new ByteRange(400, 600));
                writing.ingest().close();
            });
        }
    }

    @Test
    void anInterruptedWaiterIsCancelled() throws Exception {
        Descriptor blob = Bytes.layer(Bytes.random(13, 1000));
        try (Ingest ingest = Bytes.writing(content(), blob);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> second = threads.submit(() -> {
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> content().ingest(blob)).satisfies(kind(ErrorKind.CANCELLED));
                assertThat(Thread.interrupted()).isTrue();
            });
            second.get();
            assertThat(ingest.contiguous()).isZero();
        }
    }

    @Test
    void labelsAreChangedKeyByKeyAndDeletedBlobsAreGone() {
        byte[] bytes = Bytes.random(14, 10);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content(), blob, bytes);
        content().label(blob.digest(), Map.of("a", "1", "b", "2"));
        assertThat(content().label(blob.digest(), Map.of("a", "", "b", "3")).labels())
                .isEqualTo(Map.of("b", "3"));
        content().delete(blob.digest());
        assertThat(content().info(blob.digest())).isEmpty();
        assertThat(content().list()).isEmpty();
        assertThatThrownBy(() -> content().open(blob.digest())).satisfies(kind(ErrorKind.NOT_FOUND));
        assertThatThrownBy(() -> content().delete(blob.digest())).satisfies(kind(ErrorKind.NOT_FOUND));
        assertThatThrownBy(() -> content().label(blob.digest(), Map.of())).satisfies(kind(ErrorKind.NOT_FOUND));
    }

    @Test
    void aPresentBlobIsNotTakenForAnotherSize() {
        byte[] bytes = Bytes.random(15, 10);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content(), blob, bytes);
        assertThatThrownBy(() -> content().ingest(new Descriptor("", blob.digest(), 11)))
                .satisfies(kind(ErrorKind.INVALID));
    }

    @Test
    void aCommittedIngestTakesNothingMore() {
        byte[] bytes = Bytes.random(16, 10);
        try (Ingest ingest = Bytes.writing(content(), Bytes.layer(bytes))) {
            ingest.write(0, ByteBuffer.wrap(bytes));
            ingest.commit();
            ingest.fail(new ImageException(ErrorKind.INTERNAL, "too late"));
            assertThatThrownBy(ingest::commit).satisfies(kind(ErrorKind.PRECONDITION));
            assertThatThrownBy(() -> ingest.write(0, ByteBuffer.allocate(1))).satisfies(kind(ErrorKind.PRECONDITION));
            try (Blob tail = ingest.tail()) {
                assertThat(Bytes.read(tail)).isEqualTo(bytes);
            }
        }
    }
}
