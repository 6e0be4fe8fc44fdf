package io.lighterage.linux.isal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.linux.isal.IsalInflater.Format;
import io.lighterage.linux.isal.IsalInflater.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IsalInflaterTest {
    private static final byte CANARY = 0x5a;
    private static final int RIM = 4096;
    private static final boolean FULL = Boolean.getBoolean("lighterage.full");

    private IsalInflater inflater;

    @BeforeEach
    void open() {
        var found = IsalInflater.open();
        assumeTrue(found.isPresent(), "libisal.so.2 is not installed (Debian: libisal2)");
        inflater = found.orElseThrow();
    }

    @AfterEach
    void close() {
        if (inflater != null) {
            inflater.close();
        }
    }

    @Test
    void aMemberComesOutAsItWentIn() throws Exception {
        byte[] data = sample(3_000_000, 1);
        assertThat(inflate(gzip(data), 64 << 10, 256 << 10)).isEqualTo(data);
    }

    @Test
    void anEmptyMemberIsFinished() throws Exception {
        assertThat(inflate(gzip(new byte[0]), 100, 100)).isEmpty();
    }

    @Test
    void everyBufferSizeGivesTheSame() throws Exception {
        byte[] data = sample(50_000, 2);
        byte[] gzip = gzip(data);
        for (int in : new int[] {1, 7, 8, 9, 63, 1000, 1 << 20}) {
            for (int out : new int[] {1, 13, 258, 4096, 32 << 10, 65_000, 1 << 20}) {
                inflater.reset();
                assertThat(inflate(gzip, in, out)).as("in %d, out %d", in, out).isEqualTo(data);
            }
        }
    }

    @Test
    void incompressibleDataInStoredBlocksComesOut() throws Exception {
        byte[] data = new byte[400_000];
        new Random(3).nextBytes(data);
        assertThat(inflate(gzip(data), 5000, 7000)).isEqualTo(data);
    }

    @Test
    void aMemberMayBeCutAtEveryByte() throws Exception {
        byte[] data = sample(400, 4);
        byte[] gzip = withFullHeader(gzip(data));
        for (int cut = 0; cut <= gzip.length; cut++) {
            inflater.reset();
            ByteBuffer out = ByteBuffer.allocateDirect(data.length + 1);
            Status first = inflater.inflate(direct(gzip, 0, cut), out);
            assertThat(first).as("cut at %d", cut).isEqualTo(cut == gzip.length ? Status.FINISHED : Status.NEEDS_INPUT);
            assertThat(inflater.inflate(direct(gzip, cut, gzip.length), out)).isEqualTo(Status.FINISHED);
            assertThat(taken(out)).isEqualTo(data);
        }
    }

    @Test
    void aTruncatedMemberNeverFinishes() throws Exception {
        byte[] data = sample(2000, 5);
        byte[] gzip = gzip(data);
        for (int length = 0; length < gzip.length; length++) {
            inflater.reset();
            ByteBuffer in = direct(gzip, 0, length);
            assertThat(inflater.inflate(in, ByteBuffer.allocateDirect(8000)))
                    .as("cut to %d of %d", length, gzip.length)
                    .isEqualTo(Status.NEEDS_INPUT);
            assertThat(in.hasRemaining()).isFalse();
        }
    }

    @Test
    void membersFollowEachOther() throws Exception {
        byte[] one = sample(10_000, 6);
        byte[] two = sample(3, 7);
        byte[] three = new byte[0];
        byte[] all = concat(gzip(one), gzip(two), gzip(three), gzip(one), new byte[] {0, 0, 0});
        for (int piece : new int[] {1, 3, 1000, all.length}) {
            inflater.reset();
            var result = new ByteArrayOutputStream();
            ByteBuffer in = direct(all, 0, all.length);
            ByteBuffer out = ByteBuffer.allocateDirect(777);
            int members = 0;
            in.limit(0);
            while (members < 4) {
                Status status = inflater.inflate(in, out);
                result.write(taken(out));
                out.clear();
                switch (status) {
                    case NEEDS_INPUT -> in.limit(Math.min(in.position() + piece, all.length));
                    case NEEDS_OUTPUT -> {}
                    case FINISHED -> {
                        members++;
                        inflater.reset();
                    }
                }
            }
            assertThat(all.length - in.position()).as("piece %d", piece).isEqualTo(3);
            assertThat(result.toByteArray()).isEqualTo(concat(one, two, three, one));
        }
    }

    /// The few bits that fill the last byte of the deflate data mean nothing; whoever flips them changes nothing.
    @Test
    void everyFlippedBitBehindTheHeaderIsDetectedOrHarmless() throws Exception {
        byte[] data = sample(1500, 8);
        byte[] gzip = gzip(data);
        int harmless = 0;
        for (int bit = 10 * 8; bit < gzip.length * 8; bit++) {
            byte[] damaged = gzip.clone();
            damaged[bit / 8] ^= (byte) (1 << (bit % 8));
            inflater.reset();
            ByteBuffer out = ByteBuffer.allocateDirect(data.length + 100);
            if (finishes(damaged, out)) {
                assertThat(taken(out)).as("bit %d", bit).isEqualTo(data);
                assertThat(bit / 8).isEqualTo(gzip.length - 9);
                harmless++;
            }
        }
        assertThat(harmless).isLessThan(8);
    }

    /// Hostile input may be refused or may even inflate to something, but nothing is written outside of the output.
    @Test
    void garbageNeverWritesOutsideTheOutput() throws Exception {
        long seed = 9;
        var random = new Random(seed);
        byte[] good = gzip(sample(60_000, 10));
        ByteBuffer guarded = ByteBuffer.allocateDirect(RIM + 40_000 + RIM);
        for (int round = 0; round < (FULL ? 200_000 : 1000); round++) {
            inflater.reset();
            byte[] damaged = good.clone();
            for (int i = random.nextInt(1, 6); i > 0; i--) {
                damaged[random.nextInt(10, good.length)] = (byte) random.nextInt();
            }
            feedGuarded(damaged, guarded, random, "seed " + seed + " round " + round);
        }
    }

    private void feedGuarded(byte[] damaged, ByteBuffer guarded, Random random, String what) {
        ByteBuffer in = direct(damaged, 0, damaged.length);
        while (true) {
            int room = random.nextInt(0, 40_000);
            fill(guarded);
            ByteBuffer out = guarded.slice(RIM, room);
            in.limit(Math.min(damaged.length, in.position() + random.nextInt(0, 20_000)));
            Status status;
            try {
                status = inflater.inflate(in, out);
            } catch (DataFormatException refused) {
                status = Status.FINISHED;
            }
            assertThat(rimIsWhole(guarded, room)).as(what).isTrue();
            if (status == Status.FINISHED || (status == Status.NEEDS_INPUT && in.position() == damaged.length)) {
                return;
            }
        }
    }

    @Test
    void aDamagedTrailerIsNamed() throws Exception {
        byte[] data = sample(1000, 11);
        byte[] wrongCrc = gzip(data);
        wrongCrc[wrongCrc.length - 8] ^= 1;
        assertThatThrownBy(() -> inflate(wrongCrc, 10, 100))
                .isInstanceOf(DataFormatException.class)
                .hasMessageContaining("checksum or length");
        assertThatThrownBy(() -> inflate(wrongCrc, 10, 100)).isInstanceOf(IllegalStateException.class);
        inflater.reset();
        byte[] wrongLength = gzip(data);
        wrongLength[wrongLength.length - 1] ^= 1;
        assertThatThrownBy(() -> inflate(wrongLength, 10, 100)).hasMessageContaining("checksum or length");
        inflater.reset();
        assertThat(inflate(gzip(data), 10, 100)).isEqualTo(data);
    }

    @Test
    void headersThatAreNotGzipAreRefused() throws Exception {
        byte[] good = withFullHeader(gzip(sample(10, 12)));
        assertRefused(altered(good, 0, 0x50), "1f 8b");
        assertRefused(altered(good, 1, 0x50), "1f 8b");
        assertRefused(altered(good, 2, 7), "method 7");
        assertRefused(altered(good, 3, 0xff), "reserved");
        assertRefused(altered(good, 14, 'X'), "header checksum");
    }

    private void assertRefused(byte[] gzip, String words) {
        inflater.reset();
        assertThatThrownBy(() -> inflate(gzip, 100, 100))
                .isInstanceOf(DataFormatException.class)
                .hasMessageContaining(words);
    }

    @Test
    void aRawStreamComesOutAndLeavesWhatFollows() throws Exception {
        byte[] data = sample(100_000, 13);
        byte[] gzip = gzip(data);
        try (var raw = IsalInflater.open(Format.RAW).orElseThrow()) {
            ByteBuffer in = direct(gzip, 10, gzip.length);
            ByteBuffer out = ByteBuffer.allocateDirect(data.length + 10);
            assertThat(raw.inflate(in, out)).isEqualTo(Status.FINISHED);
            assertThat(in.remaining()).isEqualTo(8);
            assertThat(taken(out)).isEqualTo(data);
        }
    }

    @Test
    void heapBuffersServeAsWellAndReadOnlyOutputIsRefused() throws Exception {
        byte[] data = sample(1000, 14);
        ByteBuffer in = ByteBuffer.wrap(gzip(data)).asReadOnlyBuffer();
        ByteBuffer out = ByteBuffer.allocate(1001);
        assertThatThrownBy(() -> inflater.inflate(in, out.asReadOnlyBuffer()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(inflater.inflate(in, out)).isEqualTo(Status.FINISHED);
        assertThat(taken(out)).isEqualTo(data);
    }

    @Test
    void anAbsentLibraryOrAnotherOneIsNoLibrary() {
        assertThat(IsalLibrary.load("libnosuchthing.so.2")).isEmpty();
        assertThat(IsalLibrary.load("libc.so.6")).isEmpty();
    }

    @Test
    void aClosedInflaterIsRefused() {
        inflater.close();
        inflater.close();
        ByteBuffer direct = ByteBuffer.allocateDirect(10);
        assertThatThrownBy(() -> inflater.inflate(direct, direct)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> inflater.reset()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anotherThreadMayCloseItAndThenItIsRefused() throws InterruptedException {
        Thread other = Thread.ofPlatform().start(inflater::close);
        other.join();
        ByteBuffer direct = ByteBuffer.allocateDirect(10);
        assertThatThrownBy(() -> inflater.inflate(direct, direct)).isInstanceOf(IllegalStateException.class);
    }

    private byte[] inflate(byte[] gzip, int inSize, int outSize) throws DataFormatException, IOException {
        var result = new ByteArrayOutputStream();
        ByteBuffer in = direct(gzip, 0, gzip.length).limit(0);
        ByteBuffer out = ByteBuffer.allocateDirect(outSize);
        while (true) {
            Status status = inflater.inflate(in, out);
            result.write(taken(out));
            out.clear();
            if (status == Status.FINISHED) {
                assertThat(in.position()).isEqualTo(gzip.length);
                return result.toByteArray();
            }
            if (status == Status.NEEDS_INPUT) {
                assertThat(in.position()).as("input used up").isLessThan(gzip.length);
                in.limit(Math.min(in.position() + inSize, gzip.length));
            }
        }
    }

    private boolean finishes(byte[] gzip, ByteBuffer out) {
        try {
            return inflater.inflate(direct(gzip, 0, gzip.length), out) == Status.FINISHED;
        } catch (DataFormatException e) {
            return false;
        }
    }

    private static void fill(ByteBuffer guarded) {
        for (int i = 0; i < guarded.capacity(); i++) {
            guarded.put(i, CANARY);
        }
    }

    private static boolean rimIsWhole(ByteBuffer guarded, int room) {
        for (int i = 0; i < guarded.capacity(); i++) {
            boolean outside = i < RIM || i >= RIM + room;
            if (outside && guarded.get(i) != CANARY) {
                return false;
            }
        }
        return true;
    }

    /// Words in random order: compresses about as a layer does.
    private static byte[] sample(int size, long seed) {
        var random = new Random(seed);
        var text = new StringBuilder(size + 20);
        while (text.length() < size) {
            text.append(Integer.toString(random.nextInt(5000), 36)).append(random.nextInt(9) == 0 ? "\n" : " ");
        }
        return text.substring(0, size).getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] gzip(byte[] data) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(data);
        }
        return bytes.toByteArray();
    }

    /// The same member behind a header with every optional part.
    private static byte[] withFullHeader(byte[] gzip) {
        var header = new ByteArrayOutputStream();
        header.writeBytes(new byte[] {0x1f, (byte) 0x8b, 8, 2 | 4 | 8 | 16, 1, 2, 3, 4, 0, 3});
        header.writeBytes(new byte[] {5, 0, 'S', 'G', 1, 0, 'x'});
        header.writeBytes("name\0comment\0".getBytes(StandardCharsets.US_ASCII));
        CRC32 crc = new CRC32();
        crc.update(header.toByteArray());
        header.write((int) crc.getValue());
        header.write((int) crc.getValue() >> 8);
        header.write(gzip, 10, gzip.length - 10);
        return header.toByteArray();
    }

    private static byte[] altered(byte[] bytes, int at, int value) {
        byte[] copy = bytes.clone();
        copy[at] = (byte) value;
        return copy;
    }

    private static byte[] concat(byte[]... parts) {
        var bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }

    private static ByteBuffer direct(byte[] bytes, int from, int to) {
        return ByteBuffer.allocateDirect(to - from).put(bytes, from, to - from).flip();
    }

    private static byte[] taken(ByteBuffer out) {
        byte[] bytes = new byte[out.position()];
        out.get(0, bytes);
        return bytes;
    }
}
