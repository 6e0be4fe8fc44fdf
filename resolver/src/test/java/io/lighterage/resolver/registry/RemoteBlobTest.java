package io.lighterage.resolver.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.resolver.Configs;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.RemoteBlob;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.resolver.TinyLayout;
import io.lighterage.resolver.layout.LayoutResolver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.MockResponse;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Parts of blobs, from a registry that misbehaves.
@Timeout(60)
class RemoteBlobTest {
    private static final int SIZE = 1_000_003;
    /// Long enough for a busy machine, short enough for a test of the limit itself.
    private static final Duration SHORT = Duration.ofMillis(700);

    private final byte[] bytes = randomBytes(SIZE, 1);
    private FakeRegistry registry;
    private Descriptor blob;

    @TempDir
    Path temp;

    @BeforeEach
    void start() throws IOException {
        registry = new FakeRegistry();
        blob = registry.blob(bytes);
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void openingABlobAsksNobodyAnything() {
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            RemoteBlob remote = source.blob(blob);
            assertThat(remote.size()).isEqualTo(SIZE);
            assertThat(remote.requests()).isZero();
        }
        assertThat(registry.seen()).isEmpty();
    }

    @Test
    void aPartIsOneRequestForExactlyThatPart() {
        assertPart(Configs.plain(), 1000, 500_000);
        assertThat(registry.seen()).hasSize(1);
        assertThat(registry.seen().getFirst().getHeaders().get("Range")).isEqualTo("bytes=1000-500999");
    }

    @Test
    void aReadFillsItsBuffer() {
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            RemoteBlob remote = source.blob(blob);
            ByteBuffer target = ByteBuffer.allocate(2000);
            assertThat(remote.read(SIZE - 1500, target)).isEqualTo(1500);
            assertThat(Arrays.copyOf(target.array(), 1500)).isEqualTo(Arrays.copyOfRange(bytes, SIZE - 1500, SIZE));
            assertThat(remote.read(SIZE, target)).isEqualTo(-1);
        }
    }

    @Test
    void aRangeOutsideTheBlobIsRefusedUnasked() {
        ImageException failure = failure(Configs.plain(), SIZE - 10, 11);
        assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
        assertThat(registry.seen()).isEmpty();
    }

    @Test
    void aConnectionCutAtRandomBytesIsResumedFromThere() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int rounds = Boolean.getBoolean("lighterage.full") ? 100 : 10;
        AtomicInteger cuts = new AtomicInteger();
        registry.when(request -> cuts.getAndDecrement() > 0
                ? Optional.of(registry.cut(request, random.nextInt(1 << 18)))
                : Optional.empty());
        for (int round = 0; round < rounds; round++) {
            cuts.set(4); // one less than there are retries
            int from = random.nextInt(SIZE - 1);
            int length = 1 + random.nextInt(SIZE - from);
            assertThat(part(Configs.plain(), from, length))
                    .as("seed %d round %d", seed, round)
                    .isEqualTo(Arrays.copyOfRange(bytes, from, from + length));
        }
    }

    @Test
    void aServerThatNeverGetsAnywhereIsGivenUp() {
        registry.always("blobs", request -> registry.cut(request, 0));
        ImageException failure = failure(Configs.plain(), 0, 1000);
        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
        assertThat(failure)
                .hasMessageContaining("gave up after 6 attempts")
                .hasMessageContaining("blob " + blob.digest());
    }

    @Test
    void aServerThatIgnoresRangesIsSkippedAndThatIsRemembered() {
        ignoreRanges();
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            RemoteBlob remote = source.blob(blob);
            assertThat(remote.ignoresRanges()).isFalse();
            assertThat(part(remote, 700_000, 1234)).isEqualTo(Arrays.copyOfRange(bytes, 700_000, 701_234));
            assertThat(remote.ignoresRanges()).isTrue();
            assertThat(registry.seen()).hasSize(1);
        }
    }

    @Test
    void aServerThatIgnoresRangesAndCutsIsSkippedAgain() {
        AtomicInteger cuts = new AtomicInteger(2);
        registry.always("blobs", request -> {
            MockResponse whole = registry.proper("/v2/r/blobs/" + blob.digest(), null);
            return cuts.getAndDecrement() > 0 ? FakeRegistry.cut(whole, 500_000) : whole;
        });
        assertPart(Configs.plain(), 450_000, 200_000);
        assertThat(registry.seen()).hasSize(3);
    }

    @Test
    void aStallIsCutAndResumed() {
        registry.first(
                1,
                "blobs",
                request -> registry.proper(request)
                        .newBuilder()
                        .onResponseBody(SocketEffect.Stall.INSTANCE)
                        .build());
        assertPart(Configs.limits(Configs.plain(), 4, SHORT, 2), 10, 600_000);
        assertThat(registry.seen()).hasSize(2);
    }

    @Test
    void aServerThatAlwaysStallsIsUnavailable() {
        registry.always(
                "blobs",
                request -> registry.proper(request)
                        .newBuilder()
                        .onResponseStart(SocketEffect.Stall.INSTANCE)
                        .build());
        ImageException failure = failure(Configs.limits(Configs.plain(), 4, SHORT, 1), 0, 10);
        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining("no byte arrived");
    }

    @Test
    void aRangeNobodyAskedForIsCorruptAndNothingOfItIsUsed() {
        registry.always(
                "blobs",
                request -> FakeRegistry.status(206)
                        .setHeader("Content-Range", "bytes 5-9/" + SIZE)
                        .body("01234")
                        .build());
        ImageException failure = refusedUnused(100, 5);
        assertThat(failure.kind()).isEqualTo(ErrorKind.CORRUPT);
        assertThat(failure).hasMessageContaining("bytes 5-9 came where 100-104 were asked for");
    }

    @Test
    void anAnswerInSeveralPartsIsRefusedAndNothingOfItIsUsed() {
        String part = "--x\r\nContent-Range: bytes 100-104/" + SIZE + "\r\n\r\n01234\r\n--x--\r\n";
        registry.always(
                "blobs",
                request -> FakeRegistry.status(206)
                        .setHeader("Content-Type", "multipart/byteranges; boundary=x")
                        .body(part)
                        .build());
        ImageException failure = refusedUnused(100, 5);
        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining("206 with Content-Range ''; expected bytes 100-104/" + SIZE);
        assertThat(registry.seen()).as("the next answer would be the same").hasSize(1);
    }

    private ImageException refusedUnused(int from, int length) {
        AtomicInteger used = new AtomicInteger();
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            ImageException failure = catchThrowableOfType(
                    ImageException.class,
                    () -> source.blob(blob).stream(
                            from, length, RemoteBlob.DEMAND, piece -> used.addAndGet(piece.remaining())));
            assertThat(used).hasValue(0);
            return failure;
        }
    }

    @Test
    void anAddressWhoseSignatureExpiredIsAskedForAgain() throws IOException {
        try (FakeRegistry cdn = new FakeRegistry()) {
            cdn.blob(bytes);
            AtomicInteger signature = new AtomicInteger(1);
            registry.always(
                    "blobs",
                    request -> FakeRegistry.status(307)
                            .setHeader(
                                    "Location",
                                    "http://" + cdn.host() + request.getTarget() + "?sig=" + signature.get())
                            .build());
            cdn.when(request -> request.getTarget().endsWith("?sig=" + signature.get())
                    ? Optional.empty()
                    : Optional.of(FakeRegistry.status(403).build()));
            try (ImageSource source = registry.open(":1", Configs.plain())) {
                RemoteBlob remote = source.blob(blob);
                assertThat(part(remote, 0, 10)).isEqualTo(Arrays.copyOf(bytes, 10));
                assertThat(part(remote, 20, 10)).isEqualTo(Arrays.copyOfRange(bytes, 20, 30));
                assertThat(registry.seen()).as("the address is remembered").hasSize(1);
                signature.set(2);
                assertThat(part(remote, 40, 10)).isEqualTo(Arrays.copyOfRange(bytes, 40, 50));
                assertThat(registry.seen()).hasSize(2);
            }
        }
    }

    @Test
    void aTokenThatIsNoLongerGoodIsRenewed() throws IOException {
        try (FakeRegistry tokens = new FakeRegistry()) {
            AtomicInteger good = new AtomicInteger(1);
            tokens.always(
                    "/token",
                    request -> FakeRegistry.status(200)
                            .body("{\"token\":\"t" + good.get() + "\",\"expires_in\":3600}")
                            .build());
            registry.when(request -> ("Bearer t" + good.get())
                            .equals(request.getHeaders().get("Authorization"))
                    ? Optional.empty()
                    : Optional.of(FakeRegistry.status(401)
                            .setHeader("WWW-Authenticate", "Bearer realm=\"http://" + tokens.host() + "/token\"")
                            .build()));
            try (ImageSource source = registry.open(":1", Configs.plain())) {
                RemoteBlob remote = source.blob(blob);
                assertThat(part(remote, 0, 10)).isEqualTo(Arrays.copyOf(bytes, 10));
                good.set(2);
                assertThat(part(remote, 20, 10)).isEqualTo(Arrays.copyOfRange(bytes, 20, 30));
                assertThat(tokens.seen()).hasSize(2);
            }
        }
    }

    @Test
    void aPasswordThatWasReplacedIsLookedUpAgain() throws IOException {
        Path file = temp.resolve("auth.json");
        AtomicInteger good = new AtomicInteger(1);
        registry.when(request -> basic(good.get()).equals(request.getHeaders().get("Authorization"))
                ? Optional.empty()
                : Optional.of(FakeRegistry.status(401)
                        .setHeader("WWW-Authenticate", "Basic realm=x")
                        .build()));
        writePassword(file, 1);
        try (ImageSource source = registry.open(":1", Configs.withAuthFile(file))) {
            RemoteBlob remote = source.blob(blob);
            assertThat(part(remote, 0, 10)).isEqualTo(Arrays.copyOf(bytes, 10));
            good.set(2);
            assertThat(catchThrowableOfType(ImageException.class, () -> part(remote, 0, 10))
                            .kind())
                    .isEqualTo(ErrorKind.UNAUTHENTICATED);
            writePassword(file, 2);
            assertThat(part(remote, 20, 10)).isEqualTo(Arrays.copyOfRange(bytes, 20, 30));
        }
    }

    private static String basic(int number) {
        return "Basic " + Base64.getEncoder().encodeToString(("me:" + number).getBytes(StandardCharsets.UTF_8));
    }

    private void writePassword(Path file, int number) throws IOException {
        Files.writeString(
                file,
                "{\"auths\":{\"" + registry.host() + "\":{\"auth\":\""
                        + basic(number).substring(6) + "\"}}}");
    }

    @Test
    void aDemandReadDoesNotQueueBehindBackgroundReads() {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch served = new CountDownLatch(1);
        try (ImageSource source = registry.open(":1", Configs.limits(Configs.plain(), 1, Duration.ofSeconds(20), 0));
                TaskGroup group = new TaskGroup("test")) {
            RemoteBlob remote = source.blob(blob);
            for (int i = 0; i < 3; i++) {
                group.fork(() -> {
                    remote.stream(0, SIZE, RemoteBlob.BACKGROUND, piece -> {
                        begun.countDown();
                        await(served);
                    });
                    return null;
                });
            }
            await(begun);
            assertThat(part(remote, 20, 10)).isEqualTo(Arrays.copyOfRange(bytes, 20, 30));
            served.countDown();
            group.join();
        }
    }

    @Test
    void whatTheConsumerThrowsEndsTheRequest() {
        try (ImageSource source = registry.open(":1", Configs.plain())) {
            IllegalStateException thrown = catchThrowableOfType(
                    IllegalStateException.class,
                    () -> source.blob(blob).stream(0, SIZE, RemoteBlob.DEMAND, piece -> {
                        throw new IllegalStateException("enough");
                    }));
            assertThat(thrown).hasMessage("enough");
        }
        assertThat(registry.seen()).hasSize(1);
    }

    @Test
    void aLayoutGivesPartsToo() throws IOException {
        TinyLayout layout = new TinyLayout(temp.resolve("layout"), "1", 7, 600_000);
        Descriptor layer = layout.layers().getFirst();
        byte[] all = Files.readAllBytes(layout.file(layer));
        try (ImageSource source = new LayoutResolver().open(layout.directory() + ":1", Configs.plain())) {
            assertThat(part(source.blob(layer), 1000, 550_000)).isEqualTo(Arrays.copyOfRange(all, 1000, 551_000));
            RemoteBlob absent = source.blob(new Descriptor(
                    MediaType.OCI_LAYER, io.lighterage.contentstore.Digest.sha256(new byte[] {1, 2}), 2));
            assertThat(catchThrowableOfType(ImageException.class, () -> part(absent, 0, 1))
                            .kind())
                    .isEqualTo(ErrorKind.NOT_FOUND);
        }
    }

    private void ignoreRanges() {
        registry.always(
                "blobs",
                r -> FakeRegistry.status(200).body(new Buffer().write(bytes)).build());
    }

    private void assertPart(ResolverConfig config, int from, int length) {
        assertThat(part(config, from, length)).isEqualTo(Arrays.copyOfRange(bytes, from, from + length));
    }

    private byte[] part(ResolverConfig config, int from, int length) {
        try (ImageSource source = registry.open(":1", config)) {
            return part(source.blob(blob), from, length);
        }
    }

    private ImageException failure(ResolverConfig config, int from, int length) {
        return catchThrowableOfType(ImageException.class, () -> part(config, from, length));
    }

    private static byte[] part(RemoteBlob remote, long from, long length) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        remote.stream(from, length, RemoteBlob.DEMAND, piece -> {
            byte[] copy = new byte[piece.remaining()];
            piece.get(copy);
            out.writeBytes(copy);
        });
        return out.toByteArray();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static byte[] randomBytes(int size, long seed) {
        byte[] made = new byte[size];
        new Random(seed).nextBytes(made);
        return made;
    }
}
