package io.lighterage.resolver.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest.ByteRange;
import io.lighterage.contentstore.MediaType;
import io.lighterage.resolver.Configs;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.MemoryIngest;
import io.lighterage.resolver.ResolverConfig;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What fetching a blob makes of a registry that misbehaves.
@Timeout(60)
class BlobFaultsTest {
    static final int LARGE = 21_000_003;
    /// Long enough for a busy machine, short enough for a test of the limit itself.
    private static final Duration SHORT = Duration.ofMillis(700);

    private final AtomicLong received = new AtomicLong();

    @AutoClose
    private final FakeRegistry registry = new FakeRegistry();

    @Test
    void aSmallBlobIsOneRequestWithoutARange() {
        Descriptor blob = registry.blob(bytes(100_000, 1));
        fetchAll(blob);
        assertThat(registry.seen()).hasSize(1);
        assertThat(registry.seen().getFirst().getHeaders().get("Range")).isNull();
        assertThat(received).hasValue(blob.size());
    }

    @Test
    void anEmptyBlobNeedsNoRequest() {
        fetchAll(registry.blob(new byte[0]));
        assertThat(registry.seen()).isEmpty();
    }

    @Test
    void onlyWhatIsMissingIsAskedFor() {
        byte[] bytes = bytes(1_000_000, 3);
        Descriptor blob = registry.blob(bytes);
        MemoryIngest ingest = new MemoryIngest(blob);
        ingest.write(0, ByteBuffer.wrap(bytes, 0, 300_000));
        ingest.write(500_000, ByteBuffer.wrap(bytes, 500_000, 100_000));
        fetch(blob, ingest, Configs.plain());
        ingest.commit();
        assertThat(registry.seen())
                .extracting(request -> request.getHeaders().get("Range"))
                .containsExactlyInAnyOrder("bytes=300000-499999", "bytes=600000-999999");
        assertThat(received).hasValue(600_000);
    }

    @Test
    void bytesArriveInOrderWhenThereIsOneRequestAtATime() {
        Descriptor blob = registry.blob(bytes(LARGE, 4));
        MemoryIngest ingest = new MemoryIngest(blob);
        fetch(blob, ingest, Configs.limits(Configs.plain(), 1, Duration.ofSeconds(20), 0));
        assertThat(ingest.writes()).isSortedAccordingTo((a, b) -> Long.compare(a.offset(), b.offset()));
    }

    @Test
    void aConnectionCutAtRandomBytesIsResumedFromThere() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int rounds = Boolean.getBoolean("lighterage.full") ? 100 : 10;
        for (int round = 0; round < rounds; round++) {
            registry.clear();
            int size = random.nextBoolean() ? 1 + random.nextInt(2_000_000) : LARGE;
            Descriptor blob = registry.blob(bytes(size, random.nextLong()));
            AtomicInteger cuts = new AtomicInteger(4);
            registry.when(request -> request.getTarget().contains(blob.digest().hex()) && cuts.getAndDecrement() > 0
                    ? java.util.Optional.of(registry.cut(request, random.nextInt(1 << 20)))
                    : java.util.Optional.empty());
            received.set(0);
            fetchAll(blob);
            assertThat(received).as("seed %d round %d", seed, round).hasValue(blob.size());
        }
    }

    @Test
    void aServerThatCutsEveryMebibyteIsReadToTheEnd() {
        Descriptor blob = registry.blob(bytes(7_500_000, 5));
        registry.always("blobs", request -> registry.cut(request, 1 << 20));
        MemoryIngest ingest = new MemoryIngest(blob);
        fetch(blob, ingest, Configs.limits(Configs.plain(), 4, Duration.ofSeconds(20), 1));
        ingest.commit();
    }

    @Test
    void aServerThatNeverGetsAnywhereIsGivenUp() {
        Descriptor blob = registry.blob(bytes(LARGE, 6));
        registry.always("blobs", request -> registry.cut(request, 10));
        ImageException failure = failure(blob, Configs.plain());
        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining("gave up after 6 attempts");
    }

    @Test
    void aStallIsCutAndResumed() {
        Descriptor blob = registry.blob(bytes(400_000, 7));
        registry.first(
                1,
                "blobs",
                request -> registry.proper(request)
                        .newBuilder()
                        .onResponseBody(SocketEffect.Stall.INSTANCE)
                        .build());
        MemoryIngest ingest = new MemoryIngest(blob);
        fetch(blob, ingest, Configs.limits(Configs.plain(), 4, SHORT, 2));
        ingest.commit();
        assertThat(registry.seen()).hasSize(2);
        assertThat(registry.seen().getLast().getHeaders().get("Range")).isNotNull();
        assertThat(received).hasValue(blob.size());
    }

    @Test
    void aServerThatAlwaysStallsIsUnavailable() {
        Descriptor blob = registry.blob(bytes(1000, 8));
        registry.always(
                "blobs",
                request -> registry.proper(request)
                        .newBuilder()
                        .onResponseStart(SocketEffect.Stall.INSTANCE)
                        .build());
        ImageException failure = failure(blob, Configs.limits(Configs.plain(), 4, SHORT, 1));
        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining("no byte arrived");
    }

    @Test
    void aBodyLongerThanItsDescriptorIsCorrupt() {
        Descriptor blob = shifted(registry.blob(bytes(1000, 9)), -1);
        assertThat(failure(blob, Configs.plain()).kind()).isEqualTo(ErrorKind.CORRUPT);
    }

    @Test
    void aBodyLongerThanItsDescriptorIsCorruptWhenNoLengthIsAnnounced() {
        byte[] bytes = bytes(1000, 10);
        Descriptor blob = shifted(registry.blob(bytes), -1);
        registry.always(
                "blobs",
                request -> FakeRegistry.status(200)
                        .chunkedBody(new Buffer().write(bytes), 100)
                        .build());
        ImageException failure = failure(blob, Configs.plain());
        assertThat(failure.kind()).isEqualTo(ErrorKind.CORRUPT);
        assertThat(failure).hasMessageContaining("goes on after 999 bytes");
    }

    @Test
    void aBodyShorterThanItsDescriptorIsCorrupt() {
        Descriptor blob = shifted(registry.blob(bytes(1000, 11)), 1);
        assertThat(failure(blob, Configs.plain()).kind()).isEqualTo(ErrorKind.CORRUPT);
    }

    @Test
    void aBodyThatEndsEarlyWithoutALengthIsAskedForTheRestAndThenCorrupt() {
        byte[] bytes = bytes(1000, 12);
        Descriptor blob = shifted(registry.blob(bytes), 1);
        registry.first(
                1,
                "blobs",
                request -> FakeRegistry.status(200)
                        .chunkedBody(new Buffer().write(bytes), 100)
                        .build());
        ImageException failure = failure(blob, Configs.plain());
        assertThat(failure.kind()).isEqualTo(ErrorKind.CORRUPT);
        assertThat(failure).hasMessageContaining("416");
    }

    @Test
    void aRangeNobodyAskedForIsCorrupt() {
        Descriptor blob = registry.blob(bytes(LARGE, 13));
        registry.always(
                "blobs",
                request -> FakeRegistry.status(206)
                        .setHeader("Content-Range", "bytes 5-9/" + LARGE)
                        .body("01234")
                        .build());
        assertThat(failure(blob, Configs.plain()).kind()).isEqualTo(ErrorKind.CORRUPT);
    }

    @Test
    void aServerThatIgnoresRangesSendsOneStreamAndWhatIsHereIsSkipped() {
        byte[] bytes = bytes(LARGE, 14);
        Descriptor blob = registry.blob(bytes);
        ignoreRanges(bytes);
        MemoryIngest ingest = new MemoryIngest(blob);
        ingest.write(1_000_000, ByteBuffer.wrap(bytes, 1_000_000, 1_000_000));
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            source.fetch(blob, ingest, 0, received::addAndGet);
            ingest.commit();
            assertThat(received).hasValue(LARGE - 1_000_000);
            assertThat(registry.seen()).as("one to find out, one to read").hasSize(2);
            fetchWith(source, blob);
            assertThat(registry.seen()).as("it is remembered").hasSize(3);
        }
    }

    @Test
    void aServerThatIgnoresRangesAndCutsIsStartedAgainAndSkipped() {
        byte[] bytes = bytes(2_000_000, 15);
        Descriptor blob = registry.blob(bytes);
        registry.first(1, "blobs", request -> registry.cut(request, 1_500_000));
        ignoreRanges(bytes);
        MemoryIngest ingest = new MemoryIngest(blob);
        fetch(blob, ingest, Configs.plain());
        ingest.commit();
        assertThat(received).hasValue(blob.size());
    }

    @Test
    void aWrongDigestIsTheIngestsToFind() {
        byte[] bytes = bytes(1000, 16);
        Descriptor honest = registry.blob(bytes);
        Descriptor lie = new Descriptor(honest.mediaType(), Digest.sha256(new byte[1]), honest.size());
        registry.always(
                "blobs",
                r -> FakeRegistry.status(200).body(new Buffer().write(bytes)).build());
        MemoryIngest ingest = new MemoryIngest(lie);
        fetch(lie, ingest, Configs.plain());
        assertThat(catchThrowableOfType(ImageException.class, ingest::commit).kind())
                .isEqualTo(ErrorKind.CORRUPT);
    }

    @Test
    void aDocumentOfAnotherDigestIsCorrupt() {
        Descriptor honest = registry.blob(bytes(1000, 17));
        registry.always(
                "blobs", r -> FakeRegistry.status(200).body("x".repeat(1000)).build());
        Descriptor config = new Descriptor(MediaType.OCI_CONFIG, honest.digest(), honest.size());
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            ImageException failure = catchThrowableOfType(ImageException.class, () -> source.document(config));
            assertThat(failure.kind()).isEqualTo(ErrorKind.CORRUPT);
        }
    }

    @Test
    void aDocumentLargerThanFourMebibytesIsRefusedUnseen() {
        Descriptor huge = new Descriptor(MediaType.OCI_CONFIG, Digest.sha256(new byte[0]), (4 << 20) + 1);
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            ImageException failure = catchThrowableOfType(ImageException.class, () -> source.document(huge));
            assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
        }
        assertThat(registry.seen()).isEmpty();
    }

    @Test
    void anIngestThatFailsEndsTheFetchWithItsOwnError() {
        Descriptor blob = registry.blob(bytes(LARGE, 20));
        MemoryIngest full = new MemoryIngest(new Descriptor("", blob.digest(), 5_000_000)) {
            @Override
            public synchronized List<ByteRange> missing() {
                return List.of(new ByteRange(0, blob.size()));
            }
        };
        ImageException failure = catchThrowableOfType(ImageException.class, () -> fetch(blob, full, Configs.plain()));
        assertThat(failure).hasMessageContaining("write passes the expected size");
    }

    private void ignoreRanges(byte[] bytes) {
        registry.always(
                "blobs",
                r -> FakeRegistry.status(200).body(new Buffer().write(bytes)).build());
    }

    private static Descriptor shifted(Descriptor blob, long by) {
        return new Descriptor(blob.mediaType(), blob.digest(), blob.size() + by);
    }

    private void fetchAll(Descriptor blob) {
        MemoryIngest ingest = new MemoryIngest(blob);
        fetch(blob, ingest, Configs.plain());
        ingest.commit();
    }

    private void fetchWith(ImageSource source, Descriptor blob) {
        MemoryIngest ingest = new MemoryIngest(blob);
        source.fetch(blob, ingest, 0, n -> {});
        ingest.commit();
    }

    private void fetch(Descriptor blob, MemoryIngest into, ResolverConfig config) {
        try (ImageSource source = registry.open(":1", config)) {
            source.fetch(blob, into, 0, received::addAndGet);
        }
    }

    private ImageException failure(Descriptor blob, ResolverConfig config) {
        return catchThrowableOfType(ImageException.class, () -> fetch(blob, new MemoryIngest(blob), config));
    }

    static byte[] bytes(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
