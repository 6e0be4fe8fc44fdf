package io.lighterage.linux.openssl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NativeSha256Test {
    private MessageDigest hasher;

    @BeforeEach
    void create() {
        var found = NativeSha256.create();
        assumeTrue(found.isPresent(), "libcrypto.so.3 is not here (apt-get install libssl3)");
        hasher = found.get();
    }

    private static byte[] expected(byte[] bytes) throws Exception {
        return MessageDigest.getInstance("SHA-256").digest(bytes);
    }

    @Test
    void anyBytesInAnyPiecesHaveTheDigestThatJavaGivesThem() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            byte[] bytes = new byte[random.nextInt(round % 10 == 0 ? 700_000 : 300)];
            random.nextBytes(bytes);
            int at = 0;
            while (at < bytes.length) {
                int length = 1 + random.nextInt(bytes.length - at);
                update(random.nextInt(5), bytes, at, length);
                at += length;
            }
            assertThat(hasher.digest()).as("seed " + seed + " round " + round).isEqualTo(expected(bytes));
        }
    }

    private void update(int way, byte[] bytes, int at, int length) {
        switch (way) {
            case 0 -> hasher.update(bytes, at, length);
            case 1 -> hasher.update(ByteBuffer.wrap(bytes, at, length));
            case 2 -> hasher.update(ByteBuffer.wrap(bytes, at, length).asReadOnlyBuffer());
            case 3 ->
                hasher.update(
                        ByteBuffer.allocateDirect(length).put(bytes, at, length).flip());
            default -> {
                for (int i = at; i < at + length; i++) {
                    hasher.update(bytes[i]);
                }
            }
        }
    }

    @Test
    void aBufferIsReadToItsLimit() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20).position(3).limit(600_000);
        hasher.update(buffer);
        assertThat(buffer.position()).isEqualTo(600_000);
    }

    @Test
    void aCopyGoesOnByItself() throws Exception {
        hasher.update(new byte[] {1, 2, 3});
        MessageDigest copy = (MessageDigest) hasher.clone();
        hasher.update((byte) 4);
        assertThat(copy.digest()).isEqualTo(expected(new byte[] {1, 2, 3}));
        assertThat(hasher.digest()).isEqualTo(expected(new byte[] {1, 2, 3, 4}));
    }

    @Test
    void aResetForgetsWhatCameBefore() throws Exception {
        hasher.update(new byte[100]);
        hasher.reset();
        assertThat(hasher.digest()).isEqualTo(expected(new byte[0]));
        assertThat(hasher.getDigestLength()).isEqualTo(32);
    }

    @Test
    void aDigestGoesWhereItIsWanted() throws Exception {
        byte[] target = new byte[40];
        assertThat(hasher.digest(target, 5, 35)).isEqualTo(32);
        assertThat(target).startsWith(0, 0, 0, 0, 0).endsWith(0, 0, 0);
        assertThat(java.util.Arrays.copyOfRange(target, 5, 37)).isEqualTo(expected(new byte[0]));
        assertThatThrownBy(() -> hasher.digest(target, 20, 20)).isInstanceOf(DigestException.class);
    }

    @Test
    void aLibraryThatIsNotThereOrLacksTheFunctionsIsPassedOver() {
        assertThat(CryptoLibrary.load("libno-such-thing.so.9")).isEmpty();
        assertThat(CryptoLibrary.load("libc.so.6")).isEmpty();
    }
}
