package io.lighterage.contentstore.disk;

import static io.lighterage.contentstore.Failures.kind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An interrupted thread closes a file channel under everybody; nobody else may notice.
final class InterruptionTest {
    @TempDir
    Path root;

    private LocalStore store;
    private ContentStore content;

    @BeforeEach
    void open() {
        store = Bytes.open(root);
        content = store.namespace("default").content();
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void anInterruptedWriterDoesNotDisturbItsSiblings() throws Exception {
        byte[] bytes = Bytes.random(1, 4_000_000);
        Descriptor blob = Bytes.layer(bytes);
        AtomicBoolean done = new AtomicBoolean();
        try (Ingest ingest = Bytes.writing(content, blob);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> nuisance = threads.submit(() -> {
                while (!done.get()) {
                    Thread.currentThread().interrupt();
                    try {
                        ingest.write(3_999_000, ByteBuffer.wrap(bytes, 3_999_000, 1000));
                    } catch (ImageException e) {
                        assertThat(e).satisfies(kind(ErrorKind.CANCELLED));
                    }
                    assertThat(Thread.interrupted()).isTrue();
                }
            });
            Blob tail = ingest.tail();
            Future<byte[]> reader = threads.submit(() -> Bytes.read(tail));
            List<Future<?>> writes = new ArrayList<>();
            for (int part = 0; part < 4; part++) {
                int from = part * 1_000_000;
                writes.add(threads.submit(() -> {
                    for (int at = from; at < from + 1_000_000; at += 10_000) {
                        ingest.write(at, ByteBuffer.wrap(bytes, at, 10_000));
                    }
                }));
            }
            for (Future<?> write : writes) {
                write.get();
            }
            assertThat(reader.get()).isEqualTo(bytes);
            tail.close();
            done.set(true);
            nuisance.get();
            ingest.commit();
        }
        assertThat(Bytes.read(content, blob.digest())).isEqualTo(bytes);
    }

    @Test
    void anInterruptedRewriteTakesNothingAway() {
        byte[] bytes = Bytes.random(5, 300_000);
        Descriptor blob = Bytes.layer(bytes);
        try (Ingest ingest = Bytes.writing(content, blob)) {
            ingest.write(200_000, ByteBuffer.wrap(bytes, 200_000, 100_000));
            Thread.currentThread().interrupt();
            ingest.write(250_000, ByteBuffer.wrap(bytes, 250_000, 1000));
            assertThat(Thread.interrupted()).isTrue();
            assertThat(ingest.missing()).containsExactly(new Ingest.ByteRange(0, 200_000));
            ingest.write(0, ByteBuffer.wrap(bytes, 0, 200_000));
            ingest.commit();
        }
        assertThat(Bytes.read(content, blob.digest())).isEqualTo(bytes);
    }

    @Test
    void anInterruptedReaderDoesNotDisturbOthersOfTheSameBlob() throws Exception {
        byte[] bytes = Bytes.random(2, 300_000);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content, blob, bytes);
        try (Blob open = content.open(blob.digest());
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 50; round++) {
                Future<?> interrupted = threads.submit(() -> {
                    Thread.currentThread().interrupt();
                    assertThatThrownBy(() -> Bytes.read(open)).satisfies(kind(ErrorKind.CANCELLED));
                });
                assertThat(Bytes.read(open)).isEqualTo(bytes);
                interrupted.get();
            }
        }
    }

    @Test
    void closingInAnInterruptedThreadKeepsTheExactProgress() {
        byte[] bytes = Bytes.random(3, 300_000);
        Descriptor blob = Bytes.layer(bytes);
        Ingest first = Bytes.writing(content, blob);
        first.write(0, ByteBuffer.wrap(bytes, 0, 1234));
        Thread.currentThread().interrupt();
        first.close();
        assertThat(Thread.interrupted()).isTrue();
        try (Ingest second = Bytes.writing(content, blob)) {
            assertThat(second.contiguous()).isEqualTo(1234);
        }
    }

    @Test
    void anInterruptAtTheCommitLosesNothing() {
        byte[] bytes = Bytes.random(4, 300_000);
        Descriptor blob = Bytes.layer(bytes);
        try (Ingest first = Bytes.writing(content, blob)) {
            first.write(0, ByteBuffer.wrap(bytes));
            Thread.currentThread().interrupt();
            first.commit();
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(Bytes.read(content, blob.digest())).isEqualTo(bytes);
    }
}
