package io.lighterage.remotesnapshotter.flat;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.linux.Errno;
import io.lighterage.linux.Flags;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Replies have the bytes that the kernel expects, and INIT agrees on what both can.
class FuseReplyTest {
    private static final int EVERYTHING = -1;

    /// What a buffer held before is in no reply.
    private static ByteBuffer used() {
        ByteBuffer buffer = ByteBuffer.allocate(256);
        while (buffer.hasRemaining()) {
            buffer.put((byte) 0xaa);
        }
        return buffer;
    }

    private static void header(ByteBuffer reply, int length, int error) {
        assertThat(reply.remaining()).isEqualTo(length);
        assertThat(reply.getInt(0)).isEqualTo(length);
        assertThat(reply.getInt(4)).isEqualTo(error);
        assertThat(reply.getLong(8)).isEqualTo(42);
    }

    @Test
    void errorsAreNegative() {
        header(FuseReply.error(used(), 42, Errno.ENOSYS), 16, -38);
        header(FuseReply.error(used(), 42, 0), 16, 0);
    }

    @Test
    void filesAreShownToTheirOwnerOnlyAndNeverChange() {
        ByteBuffer entry = FuseReply.entry(used(), 42, 7, 8192);
        header(entry, 16 + 128, 0);
        assertThat(entry.getLong(16)).isEqualTo(7);
        assertThat(entry.getLong(24)).as("generation").isZero();
        assertThat(entry.getLong(32)).as("name holds").isGreaterThan(1_000_000);
        assertThat(entry.getLong(40)).as("attributes hold").isGreaterThan(1_000_000);
        assertThat(entry.getLong(56)).isEqualTo(7);
        assertThat(entry.getLong(64)).isEqualTo(8192);
        assertThat(entry.getLong(72)).as("blocks of 512").isEqualTo(16);
        assertThat(entry.getInt(56 + 60)).isEqualTo(Flags.S_IFREG | 0400);
        ByteBuffer attributes = FuseReply.attributes(used(), 42, 1, -1);
        header(attributes, 16 + 104, 0);
        assertThat(attributes.getInt(32 + 60)).isEqualTo(Flags.S_IFDIR | 0500);
    }

    @Test
    void openReadAndSpace() {
        ByteBuffer open = FuseReply.open(used(), 42, FuseFormat.OPEN_DIRECT);
        header(open, 32, 0);
        assertThat(open.getLong(16)).as("handle").isZero();
        assertThat(open.getInt(24)).isEqualTo(1);
        ByteBuffer space = FuseReply.space(used(), 42);
        header(space, 96, 0);
        assertThat(space.getInt(16 + 40)).isEqualTo(4096);
        ByteBuffer buffer = used();
        FuseReply.room(buffer, 3).put(new byte[] {1, 2, 3});
        ByteBuffer read = FuseReply.read(buffer, 42, 3);
        header(read, 19, 0);
        assertThat(read.get(18)).isEqualTo((byte) 3);
    }

    private static FuseNegotiation agreed(int minor, int flags) {
        FuseRequest.Init offer = new FuseRequest.Init(42, 7, minor, 131072, flags);
        assertThat(FuseNegotiation.possible(offer)).isTrue();
        return FuseNegotiation.of(offer);
    }

    @Test
    void aNewKernelIsAskedForWhatIsNeededAndNoMore() {
        FuseNegotiation agreed = agreed(45, EVERYTHING);
        assertThat(agreed).isEqualTo(new FuseNegotiation(7, 31, 131072, FuseNegotiation.WANTED, 256, false));
        ByteBuffer reply = FuseReply.init(used(), 42, agreed);
        header(reply, 80, 0);
        assertThat(reply.getInt(28)).isEqualTo(FuseNegotiation.WANTED);
        assertThat(reply.getShort(32)).isEqualTo((short) FuseNegotiation.BACKGROUND);
        assertThat(reply.getInt(36))
                .as("largest write, the least a kernel takes")
                .isEqualTo(4096);
        assertThat(reply.getShort(44)).isEqualTo((short) 256);
        assertThat(reply.getInt(48)).as("more flags").isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {FuseFormat.ASYNC_READ, FuseFormat.ASYNC_DIO, FuseFormat.MAX_PAGES})
    void aFlagThatIsNotOfferedIsDoneWithout(int refused) {
        FuseNegotiation agreed = agreed(31, EVERYTHING & ~refused);
        assertThat(agreed.flags()).isEqualTo(FuseNegotiation.WANTED & ~refused);
        assertThat(agreed.maxPages()).isEqualTo(refused == FuseFormat.MAX_PAGES ? 0 : 256);
    }

    @Test
    void aKernelThatOffersNothingIsServedToo() {
        assertThat(agreed(23, 0)).isEqualTo(new FuseNegotiation(7, 23, 131072, 0, 0, false));
    }

    @Test
    void otherVersionsAreToldOurs() {
        assertThat(FuseNegotiation.possible(new FuseRequest.Init(42, 7, 22, 0, 0)))
                .isFalse();
        assertThat(FuseNegotiation.possible(new FuseRequest.Init(42, 6, 99, 0, 0)))
                .isFalse();
        FuseRequest.Init next = new FuseRequest.Init(42, 8, 0, 0, 0);
        assertThat(FuseNegotiation.possible(next)).isTrue();
        assertThat(FuseNegotiation.of(next).major()).isEqualTo(7);
        assertThat(FuseNegotiation.of(next).minor()).isEqualTo(31);
    }
}
