package io.lighterage.resolver.registry;

import static io.lighterage.resolver.registry.BlobFaultsTest.LARGE;
import static io.lighterage.resolver.registry.BlobFaultsTest.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.Configs;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.MemoryIngest;
import io.lighterage.resolver.ResolverConfig;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import mockwebserver3.MockResponse;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Several requests for one blob at once, and what they make of each other's fate.
@Timeout(60)
class ParallelRangesTest {
    private final AtomicLong received = new AtomicLong();

    @AutoClose
    private final FakeRegistry registry = new FakeRegistry();

    @Test
    void aLargeBlobComesInRangesThatCoverItOnce() {
        Descriptor blob = registry.blob(bytes(LARGE, 2));
        fetchAll(blob);
        assertThat(registry.seen())
                .hasSizeBetween(6, 20)
                .allSatisfy(
                        request -> assertThat(request.getHeaders().get("Range")).startsWith("bytes="));
        assertThat(received).hasValue(blob.size());
    }

    @Test
    void aRangeThatStallsIsAskedForAgainBeforeItsTimeIsUp() {
        byte[] bytes = bytes(LARGE, 23);
        Descriptor blob = registry.blob(bytes);
        MemoryIngest ingest = new MemoryIngest(blob);
        AtomicInteger requests = new AtomicInteger();
        registry.always("blobs", request -> {
            MockResponse proper = registry.proper(request);
            return requests.incrementAndGet() == 2
                    ? proper.newBuilder()
                            .onResponseBody(SocketEffect.Stall.INSTANCE)
                            .build()
                    : proper;
        });
        fetch(blob, ingest, Configs.limits(Configs.plain(), 4, Duration.ofMinutes(5), 0));
        ingest.commit(); // the test's own limit would show if the five minutes were waited for
        assertThat(received).as("no byte is counted twice").hasValue(blob.size());
    }

    @Test
    void aFailureCutsTheOtherRequestsOffAndLeavesWhatArrived() {
        byte[] bytes = bytes(LARGE, 18);
        Descriptor blob = registry.blob(bytes);
        MemoryIngest ingest = new MemoryIngest(blob);
        AtomicInteger others = new AtomicInteger();
        registry.always("blobs", request -> {
            String range = String.valueOf(request.getHeaders().get("Range"));
            if (range.startsWith("bytes=0-")) {
                return registry.proper(request);
            }
            if (others.incrementAndGet() == 2) {
                awaitContiguous(ingest, 2 << 20);
                return FakeRegistry.status(403).build();
            }
            return registry.proper(request)
                    .newBuilder()
                    .onResponseBody(SocketEffect.Stall.INSTANCE)
                    .build();
        });
        // The others stall for 20 s; the test's own limit would show if they were waited for one after another.
        ImageException failure = catchThrowableOfType(
                ImageException.class,
                () -> fetch(blob, ingest, Configs.limits(Configs.plain(), 4, Duration.ofMinutes(5), 5)));
        assertThat(failure.kind()).isEqualTo(ErrorKind.DENIED);
        assertThat(ingest.contiguous()).isGreaterThanOrEqualTo(2 << 20);
        assertThat(ingest.missing()).isNotEmpty();
    }

    /// Lets the refusal come only when there is something to leave; gives up after ten seconds.
    private static void awaitContiguous(MemoryIngest ingest, long bytes) {
        for (int i = 0; i < 1000 && ingest.contiguous() < bytes; i++) {
            LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
        }
    }

    @Test
    void closingTheSourceEndsAFetchAtOnce() throws Exception {
        Descriptor blob = registry.blob(bytes(LARGE, 19));
        CountDownLatch asked = new CountDownLatch(1);
        registry.always("blobs", request -> {
            asked.countDown();
            return registry.proper(request)
                    .newBuilder()
                    .onResponseStart(SocketEffect.Stall.INSTANCE)
                    .build();
        });
        ImageSource source = registry.open(":1", Configs.limits(Configs.plain(), 4, Duration.ofMinutes(5), 5));
        Thread closer = Thread.ofVirtual().start(() -> {
            try {
                asked.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            source.close();
        });
        ImageException failure = catchThrowableOfType(
                ImageException.class, () -> source.fetch(blob, new MemoryIngest(blob), 0, n -> {}));
        closer.join();
        assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    }

    private void fetchAll(Descriptor blob) {
        MemoryIngest ingest = new MemoryIngest(blob);
        fetch(blob, ingest, Configs.plain());
        ingest.commit();
    }

    private void fetch(Descriptor blob, MemoryIngest into, ResolverConfig config) {
        try (ImageSource source = registry.open(":1", config)) {
            source.fetch(blob, into, 0, received::addAndGet);
        }
    }
}
