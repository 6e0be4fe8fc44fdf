package io.lighterage.stargz.compress;

import static io.lighterage.stargz.compress.Compressed.gzip;
import static io.lighterage.stargz.compress.Compressed.gzipWithAllFields;
import static io.lighterage.stargz.compress.Compressed.join;
import static io.lighterage.stargz.compress.Compressed.skippable;
import static io.lighterage.stargz.compress.Compressed.zstd;
import static io.lighterage.stargz.compress.Compressed.zstdWindow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.Sources;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DecompressionTest {
    private static final byte[] TEXT = text(300_000);
    private static final byte[] SHORT = "hello".getBytes(StandardCharsets.UTF_8);

    private static byte[] text(int length) {
        Random random = new Random(1);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i % 100 < 70 ? 'a' + random.nextInt(4) : random.nextInt());
        }
        return bytes;
    }

    static Stream<Supplier<GzipEngine>> engines() {
        return GzipEngines.all().stream();
    }

    private static Decompression open(byte[] blob, int piece, Supplier<GzipEngine> engine) {
        return Decompression.open(
                Sources.blob(blob, piece),
                new Decompression.Settings("layer sha256:abc", DecompressionLimits.DEFAULT, engine, 1));
    }

    private static byte[] decompress(byte[] blob, int piece, Supplier<GzipEngine> engine) {
        try (Decompression source = open(blob, piece, engine)) {
            byte[] all = Sources.readAll(source);
            assertThat(source.compressedBytes()).isEqualTo(blob.length);
            assertThat(source.uncompressedBytes()).isEqualTo(all.length);
            assertThat(source.next()).isNull();
            return all;
        }
    }

    private static byte[] decompress(byte[] blob) {
        return decompress(blob, Integer.MAX_VALUE, GzipEngines::preferred);
    }

    private static void assertFails(ErrorKind kind, String part, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind))
                .hasMessageContaining(part);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void gzipIsInflatedWhateverThePiecesItComesIn(Supplier<GzipEngine> engine) {
        byte[] blob = join(gzip(TEXT), gzip(new byte[0]), gzipWithAllFields(SHORT), gzip(TEXT), gzip(SHORT));
        byte[] expected = join(TEXT, SHORT, TEXT, SHORT);
        for (int piece : new int[] {1, 2, 3, 7, 8, 9, 511, 4096, Integer.MAX_VALUE}) {
            assertThat(decompress(blob, piece, engine))
                    .as("pieces of %d", piece)
                    .isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void manySmallMembersAreReadThrough(Supplier<GzipEngine> engine) {
        byte[][] members = new byte[3000][];
        byte[][] plain = new byte[3000][];
        Random random = new Random(2);
        for (int i = 0; i < members.length; i++) {
            plain[i] = Arrays.copyOfRange(TEXT, i, i + random.nextInt(40));
            members[i] = gzip(plain[i]);
        }
        assertThat(decompress(join(members), Integer.MAX_VALUE, engine)).isEqualTo(join(plain));
        assertThat(decompress(join(members), 13, engine)).isEqualTo(join(plain));
    }

    @ParameterizedTest
    @MethodSource("engines")
    void storedBlocksAreInflated(Supplier<GzipEngine> engine) {
        byte[] noise = new byte[1_000_000];
        new Random(3).nextBytes(noise);
        assertThat(decompress(gzip(noise), 10_007, engine)).isEqualTo(noise);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void gzipThatIsCutIsCorruptAndNamesTheOffset(Supplier<GzipEngine> engine) {
        byte[] blob = join(gzip(SHORT), gzipWithAllFields(SHORT));
        int memberEnd = gzip(SHORT).length;
        for (int cut = 10; cut < blob.length; cut++) {
            byte[] part = Arrays.copyOf(blob, cut);
            if (cut == memberEnd) {
                assertThat(decompress(part, 5, engine)).isEqualTo(SHORT);
            } else {
                assertFails(ErrorKind.CORRUPT, "offset " + cut, () -> decompress(part, 5, engine));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void aFlippedBitIsCorruptOrHarmless(Supplier<GzipEngine> engine) {
        byte[] plain = Arrays.copyOf(TEXT, 500);
        byte[] blob = gzipWithAllFields(plain);
        for (int bit = 24; bit < blob.length * 8; bit++) { // the magic decides what it is at all
            byte[] flipped = blob.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            try {
                // some bits mean nothing: code lengths of symbols that do not occur, filling up to whole bytes
                assertThat(decompress(flipped, 100, engine)).isEqualTo(plain);
            } catch (ImageException e) {
                assertThat(e.kind()).isEqualTo(ErrorKind.CORRUPT);
                assertThat(e).hasMessageContaining("layer sha256:abc");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void aWrongLengthInTheTrailerIsCorrupt(Supplier<GzipEngine> engine) {
        byte[] blob = gzip(SHORT);
        blob[blob.length - 4]++;
        assertFails(ErrorKind.CORRUPT, "trailer", () -> decompress(blob, 9, engine));
    }

    @Test
    void zerosAfterTheLastMemberArePadding() {
        assertThat(decompress(join(gzip(SHORT), new byte[1000]))).isEqualTo(SHORT);
    }

    @Test
    void garbageAfterTheLastMemberIsCorrupt() {
        assertFails(ErrorKind.CORRUPT, "garbage follows", () -> decompress(join(gzip(SHORT), SHORT)));
        assertFails(ErrorKind.CORRUPT, "garbage follows", () -> decompress(join(gzip(SHORT), new byte[1000], SHORT)));
        assertFails(
                ErrorKind.CORRUPT, "garbage follows", () -> decompress(join(gzip(SHORT), new byte[1000], gzip(SHORT))));
    }

    @Test
    void zstdIsDecompressedWhateverThePiecesItComesIn() {
        byte[] blob = join(
                skippable(0, SHORT),
                zstd(TEXT),
                zstd(new byte[0]),
                skippable(13, TEXT),
                zstd(TEXT),
                skippable(15, SHORT));
        for (int piece : new int[] {1, 3, 509, Integer.MAX_VALUE}) {
            assertThat(decompress(blob, piece, GzipEngines::preferred)).isEqualTo(join(TEXT, TEXT));
        }
        assertThat(decompress(zstd(new byte[5 << 20]), 7, GzipEngines::preferred))
                .isEqualTo(new byte[5 << 20]);
    }

    @Test
    void zstdThatIsCutIsCorruptAndNamesTheOffset() {
        byte[] first = zstd(SHORT);
        byte[] blob = join(first, skippable(1, SHORT), zstd(Arrays.copyOf(TEXT, 1000)));
        int second = first.length + 8 + SHORT.length;
        for (int cut = 4; cut < blob.length; cut++) {
            byte[] part = Arrays.copyOf(blob, cut);
            if (cut == first.length || cut == second) {
                assertThat(decompress(part)).isEqualTo(SHORT);
            } else {
                assertFails(ErrorKind.CORRUPT, "offset " + cut, () -> decompress(part));
            }
        }
    }

    @Test
    void zstdWithAWrongChecksumOrGarbageIsCorrupt() {
        byte[] blob = zstd(TEXT);
        blob[blob.length - 1] ^= 1;
        assertFails(ErrorKind.CORRUPT, "broken", () -> decompress(blob));
        assertFails(ErrorKind.CORRUPT, "broken", () -> decompress(join(zstd(TEXT), SHORT)));
    }

    @Test
    void aZstdWindowAbove128MiBIsUnsupported() {
        assertThat(decompress(zstdWindow(SHORT, 27))).isEqualTo(SHORT);
        assertFails(ErrorKind.UNSUPPORTED, "128 MiB", () -> decompress(zstdWindow(SHORT, 28)));
    }

    @Test
    void plainBytesPassThrough() {
        assertThat(decompress(TEXT, 1000, GzipEngines::preferred)).isEqualTo(TEXT);
        assertThat(decompress(TEXT)).isEqualTo(TEXT);
        assertThat(decompress(SHORT)).isEqualTo(SHORT);
        assertThat(decompress(new byte[0])).isEmpty();
    }

    @Test
    void aBlobThatIsStillGrowingIsWaitedFor() throws InterruptedException {
        byte[] bytes = gzip(TEXT);
        Sources.GrowingBlob growing = new Sources.GrowingBlob(bytes);
        Thread writer = Thread.ofVirtual().start(() -> {
            while (growing.arrived() < bytes.length) {
                growing.grow(5000);
            }
        });
        try (Decompression source = Decompression.open(growing)) {
            assertThat(Sources.readAll(source)).isEqualTo(TEXT);
        }
        writer.join();
    }

    @Test
    void aBlobThatEndsBeforeItsSizeIsCorrupt() {
        byte[] bytes = gzip(TEXT);
        io.lighterage.contentstore.Blob whole = Sources.blob(Arrays.copyOf(bytes, 1000));
        io.lighterage.contentstore.Blob liar = new io.lighterage.contentstore.Blob() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public int read(long position, ByteBuffer target) {
                return whole.read(position, target);
            }

            @Override
            public void close() {}
        };
        assertFails(ErrorKind.CORRUPT, "ended at offset 1000", () -> {
            try (Decompression source = Decompression.open(liar)) {
                Sources.readAll(source);
            }
        });
    }

    @Test
    void anEngineIsPickedByNameOrRefused() {
        try (GzipEngine engine = GzipEngines.named("jdk")) {
            assertThat(engine.name()).isEqualTo("jdk");
        }
        assertFails(ErrorKind.UNSUPPORTED, "'zlib-ng'", () -> GzipEngines.named("zlib-ng"));
    }

    @Test
    void aRingKeepsPiecesValidForAsManyCallsAsItHasBuffersLess() {
        Decompression.Settings settings =
                new Decompression.Settings("x", DecompressionLimits.DEFAULT, GzipEngines::preferred, 3);
        byte[] long3 = text(3 * Decompression.BUFFER_BYTES);
        try (Decompression source = Decompression.open(Sources.blob(gzip(long3)), settings)) {
            ByteBuffer first = take(source);
            ByteBuffer second = take(source);
            take(source);
            byte[] kept = new byte[2 * Decompression.BUFFER_BYTES];
            first.get(kept, 0, first.remaining());
            second.get(kept, Decompression.BUFFER_BYTES, second.remaining());
            assertThat(kept).isEqualTo(Arrays.copyOf(long3, kept.length));
        }
    }

    private static ByteBuffer take(Decompression source) {
        return java.util.Objects.requireNonNull(source.next());
    }

    @Test
    void aBombIsRefusedByRatioOnceItIsLarge() {
        DecompressionLimits limits = new DecompressionLimits(1 << 30, 250, 8 << 20);
        Decompression.Settings settings = new Decompression.Settings("layer 7", limits, GzipEngines::preferred, 1);
        byte[] harmless = gzip(new byte[8 << 20]);
        try (Decompression source = Decompression.open(Sources.blob(harmless), settings)) {
            assertThat(Sources.readAll(source)).hasSize(8 << 20);
        }
        for (byte[] bomb : new byte[][] {gzip(new byte[32 << 20]), zstd(new byte[32 << 20])}) {
            try (Decompression source = Decompression.open(Sources.blob(bomb), settings)) {
                assertFails(ErrorKind.INVALID, "layer 7 is a decompression bomb", () -> Sources.readAll(source));
                assertThat(source.uncompressedBytes()).isBetween(8L << 20, 9L << 20);
            }
        }
    }

    @Test
    void aLayerAboveTheAbsoluteLimitIsRefused() {
        DecompressionLimits limits = new DecompressionLimits(1 << 20, 250, 8 << 20);
        Decompression.Settings settings = new Decompression.Settings("layer 7", limits, GzipEngines::preferred, 1);
        byte[] noise = new byte[2 << 20];
        new Random(4).nextBytes(noise);
        try (Decompression source = Decompression.open(Sources.blob(noise), settings)) {
            assertFails(ErrorKind.INVALID, "limit is 1048576 bytes", () -> Sources.readAll(source));
        }
    }
}
