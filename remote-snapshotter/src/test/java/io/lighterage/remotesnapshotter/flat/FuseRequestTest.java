package io.lighterage.remotesnapshotter.flat;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.stargz.RawName;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests are read as the kernel writes them, and anything else is refused by name.
class FuseRequestTest {
    private static final byte[] NONE = {};

    private static void malformed(ByteBuffer frame, long unique, String word) {
        assertThat(FuseRequest.parse(frame)).isInstanceOfSatisfying(FuseRequest.Malformed.class, it -> {
            assertThat(it.unique()).isEqualTo(unique);
            assertThat(it.reason()).contains(word);
        });
    }

    @Test
    void everyRequestIsRead() {
        assertThat(FuseRequest.parse(Frames.init(7, 45, 0x80000001)))
                .isEqualTo(new FuseRequest.Init(2, 7, 45, 131072, 0x80000001));
        assertThat(FuseRequest.parse(Frames.lookup(4, "abc")))
                .isEqualTo(new FuseRequest.Lookup(4, 1, RawName.of("abc")));
        assertThat(FuseRequest.parse(Frames.read(6, 9, 1L << 40, 4096)))
                .isEqualTo(new FuseRequest.Read(6, 9, 1L << 40, 4096, 4321));
        assertThat(FuseRequest.parse(Frames.interrupt(7, 6))).isEqualTo(new FuseRequest.Interrupt(7, 6));
        assertThat(FuseRequest.parse(Frames.request(FuseFormat.GETATTR, 8, 9, new byte[16])))
                .isEqualTo(new FuseRequest.Attributes(8, 9));
        assertThat(FuseRequest.parse(Frames.request(FuseFormat.OPEN, 8, 9, new byte[8])))
                .isEqualTo(new FuseRequest.Open(8, 9));
        assertThat(FuseRequest.parse(Frames.request(FuseFormat.STATFS, 8, 1, NONE)))
                .isEqualTo(new FuseRequest.Space(8));
        assertThat(FuseRequest.parse(Frames.request(FuseFormat.RELEASE, 8, 9, new byte[24])))
                .isEqualTo(new FuseRequest.Release(8, 9));
        assertThat(FuseRequest.parse(Frames.request(FuseFormat.ACCESS, 8, 9, new byte[8])))
                .isEqualTo(new FuseRequest.Access(8));
        assertThat(FuseRequest.parse(Frames.request(FuseFormat.DESTROY, 8, 0, NONE)))
                .isEqualTo(new FuseRequest.Destroy(8));
    }

    @ParameterizedTest
    @ValueSource(ints = {FuseFormat.FORGET, FuseFormat.BATCH_FORGET})
    void nodesThatAreForgottenWantNoReply(int opcode) {
        assertThat(FuseRequest.parse(Frames.request(opcode, 8, 9, new byte[24])))
                .isEqualTo(new FuseRequest.Forget(8));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 16, 22, 27, 28, 44, 4096, -1})
    void whatWeDoNotDoIsToldApart(int opcode) {
        assertThat(FuseRequest.parse(Frames.request(opcode, 8, 9, NONE))).isEqualTo(new FuseRequest.Other(8, opcode));
    }

    @Test
    void truncatedRequestsAreNone() {
        malformed(ByteBuffer.allocate(0), 0, "0 bytes");
        malformed(ByteBuffer.allocate(15), 0, "15 bytes");
        malformed(Frames.lookup(77, "abc").limit(39), 77, "39 bytes");
        malformed(Frames.lookup(77, "abc").limit(42), 77, "says 44");
        malformed(Frames.request(FuseFormat.READ, 77, 9, new byte[23]), 77, "expected 24");
        malformed(Frames.request(FuseFormat.INIT, 77, 9, new byte[15]), 77, "expected 16");
        malformed(Frames.request(FuseFormat.OPEN, 77, 9, new byte[7]), 77, "expected 8");
        malformed(Frames.request(FuseFormat.INTERRUPT, 77, 9, new byte[7]), 77, "expected 8");
        malformed(Frames.request(FuseFormat.LOOKUP, 77, 1, NONE), 77, "expected 1");
    }

    @Test
    void namesAndRangesThatCannotBeAreRefused() {
        malformed(Frames.request(FuseFormat.LOOKUP, 77, 1, new byte[] {'a', 'b'}), 77, "without its end");
        malformed(Frames.request(FuseFormat.LOOKUP, 77, 1, new byte[] {'a', 0, 'b', 0}), 77, "without its end");
        malformed(Frames.read(77, 9, -1, 4096), 77, "at -1");
        malformed(Frames.read(77, 9, 0, -1), 77, "4294967295 bytes");
        malformed(Frames.read(77, 9, 0, 0), 77, "0 bytes");
        malformed(Frames.read(77, 9, Long.MAX_VALUE, 4096), 77, "4096 bytes");
    }

    @Test
    void anyBytesGiveARequestOfPossibleValues() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        ByteBuffer[] real = {
            Frames.init(7, 45, -1), Frames.lookup(4, "abc"), Frames.read(6, 9, 5, 4096), Frames.interrupt(7, 6)
        };
        int rounds = Boolean.getBoolean("lighterage.full") ? 10_000_000 : 200_000;
        for (int i = 0; i < rounds; i++) {
            byte[] bytes;
            if (i % 2 == 0) {
                bytes = new byte[random.nextInt(120)];
                random.nextBytes(bytes);
                if (bytes.length >= 8) {
                    ByteBuffer.wrap(bytes)
                            .order(ByteOrder.nativeOrder())
                            .putInt(0, bytes.length)
                            .putInt(4, random.nextInt(48));
                }
            } else {
                ByteBuffer frame = real[random.nextInt(real.length)];
                bytes = new byte[frame.remaining()];
                frame.get(0, bytes);
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                FlatFuzzTargets.request(bytes);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ", round " + i, e);
            }
        }
    }
}
