package io.lighterage.stargz.format;

import static io.lighterage.stargz.compress.Compressed.gzip;
import static io.lighterage.stargz.compress.Compressed.join;
import static io.lighterage.stargz.compress.Compressed.skippable;
import static io.lighterage.stargz.compress.Compressed.zstd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.index.Encoding;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ChunkDecoderTest {
    private static final long SEED = Long.getLong("lighterage.seed", 20261124L);

    private static byte[] content(int length) {
        byte[] bytes = new byte[length];
        new Random(7).nextBytes(bytes);
        Arrays.fill(bytes, length / 3, length / 2, (byte) 'x');
        return bytes;
    }

    private static byte[] compress(Encoding encoding, byte[] bytes) {
        return encoding == Encoding.GZIP_MEMBERS ? gzip(bytes) : zstd(bytes);
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    private static byte[] bytes(ChunkDecoder.Part part) {
        byte[] bytes = new byte[part.target().flip().remaining()];
        part.target().get(bytes);
        return bytes;
    }

    private static ChunkDecoder.Part part(long offset, int length, boolean direct) {
        return new ChunkDecoder.Part(offset, direct ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length));
    }

    @ParameterizedTest
    @EnumSource(names = {"GZIP_MEMBERS", "ZSTD_FRAMES"})
    void partsOfARangeComeOutInOrderWhateverTheMemory(Encoding encoding) {
        byte[] content = content(300_000);
        byte[] compressed = compress(encoding, content);
        try (ChunkDecoder decoder = ChunkDecoder.of(encoding, "the layer")) {
            for (boolean direct : List.of(true, false)) {
                ByteBuffer in = direct ? direct(compressed) : ByteBuffer.wrap(compressed);
                List<ChunkDecoder.Part> parts =
                        List.of(part(5, 1000, direct), part(1005, 1, direct), part(200_000, 90_000, !direct));
                decoder.decode(in, parts);
                assertThat(bytes(parts.get(0))).isEqualTo(Arrays.copyOfRange(content, 5, 1005));
                assertThat(bytes(parts.get(1))).isEqualTo(Arrays.copyOfRange(content, 1005, 1006));
                assertThat(bytes(parts.get(2))).isEqualTo(Arrays.copyOfRange(content, 200_000, 290_000));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"GZIP_MEMBERS", "ZSTD_FRAMES"})
    void aWholeChunkAndWhatFollowsItInTheRange(Encoding encoding) {
        byte[] content = content(70_000);
        byte[] range = join(compress(encoding, content), compress(encoding, content(5)), new byte[0]);
        try (ChunkDecoder decoder = ChunkDecoder.of(encoding, "the layer")) {
            for (int round = 0; round < 3; round++) {
                ChunkDecoder.Part whole = part(0, content.length, round != 1);
                decoder.decode(direct(range), List.of(whole));
                assertThat(bytes(whole)).isEqualTo(content);
                ChunkDecoder.Part both = part(0, content.length + 5, round != 1);
                decoder.decode(direct(range), List.of(both));
                assertThat(bytes(both)).isEqualTo(join(content, content(5)));
            }
        }
    }

    @Test
    void skippableFramesArePassedOver() {
        byte[] content = content(100);
        try (ChunkDecoder decoder = ChunkDecoder.of(Encoding.ZSTD_FRAMES, "the layer")) {
            ChunkDecoder.Part part = part(0, 100, true);
            decoder.decode(direct(join(skippable(3, new byte[50]), zstd(content))), List.of(part));
            assertThat(bytes(part)).isEqualTo(content);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"GZIP_MEMBERS", "ZSTD_FRAMES"})
    void cutEmptyShortAndForeignRangesAreCorruptAndTheDecoderGoesOn(Encoding encoding) {
        byte[] content = content(10_000);
        byte[] good = compress(encoding, content);
        List<byte[]> ranges = new ArrayList<>();
        for (int cut = 0; cut < good.length - 9; cut += 97) {
            ranges.add(Arrays.copyOf(good, cut));
        }
        ranges.add(content);
        ranges.add(compress(encoding, content(9_999)));
        ranges.add(compress(encoding, new byte[0]));
        try (ChunkDecoder decoder = ChunkDecoder.of(encoding, "the layer")) {
            for (byte[] range : ranges) {
                for (boolean direct : List.of(true, false)) {
                    assertThatThrownBy(() -> decoder.decode(direct(range), List.of(part(0, 10_000, direct))))
                            .isInstanceOfSatisfying(
                                    ImageException.class,
                                    e -> assertThat(e.kind()).isEqualTo(ErrorKind.CORRUPT));
                    assertThatThrownBy(() -> decoder.decode(direct(range), List.of(part(9_000, 1_000, direct))))
                            .isInstanceOf(ImageException.class);
                }
            }
            ChunkDecoder.Part part = part(0, 10_000, true);
            decoder.decode(direct(good), List.of(part));
            assertThat(bytes(part)).isEqualTo(content);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"GZIP_MEMBERS", "ZSTD_FRAMES"})
    void flippedBitsGiveBytesOrANamedFailure(Encoding encoding) {
        byte[] good = compress(encoding, content(3_000));
        Random random = new Random(SEED);
        int rounds = Boolean.getBoolean("lighterage.full") ? 20_000 : 2_000;
        try (ChunkDecoder decoder = ChunkDecoder.of(encoding, "the layer")) {
            for (int round = 0; round < rounds; round++) {
                byte[] damaged = good.clone();
                damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
                try {
                    decoder.decode(direct(damaged), List.of(part(random.nextInt(2) * 100L, 2_900, true)));
                } catch (ImageException e) {
                    assertThat(e.kind()).as("round %d of seed %d", round, SEED).isEqualTo(ErrorKind.CORRUPT);
                }
            }
        }
    }

    @Test
    void aStreamThatCannotBeReadInPartsHasNoDecoder() {
        assertThatThrownBy(() -> ChunkDecoder.of(Encoding.NONE, "layer x")).hasMessageContaining("layer x");
    }
}
