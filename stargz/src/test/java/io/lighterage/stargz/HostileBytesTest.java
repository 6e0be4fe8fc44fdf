package io.lighterage.stargz;

import static io.lighterage.stargz.compress.Compressed.gzip;
import static io.lighterage.stargz.compress.Compressed.join;
import static io.lighterage.stargz.compress.Compressed.skippable;
import static io.lighterage.stargz.compress.Compressed.zstd;
import static io.lighterage.stargz.tar.Tars.charDevice;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.header;
import static io.lighterage.stargz.tar.Tars.pax;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Damaged archives give entries or a named failure, never anything else, and never run on.
@Timeout(600)
class HostileBytesTest {
    private static final int ROUNDS = Boolean.getBoolean("lighterage.full") ? 100_000 : 10_000;
    private static final long SEED = Long.getLong("lighterage.seed", 20261123L);

    /// Some of everything a header can say.
    private static final byte[] ARCHIVE = tarOf(
            dir("d"),
            file("d/a", "x".repeat(700)).time(-2, 5).xattr("user.a", "b"),
            header("././@LongLink", 'L').gnu().payload("n".repeat(200) + "\0"),
            header("././@LongLink", 'K').gnu().payload("l".repeat(200) + "\0"),
            header("short", '2').gnu().link("short"),
            symlink("b", "d/a"),
            hardlink("c", "d/a"),
            charDevice("e", 1, 3),
            pax("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "99"),
            file("s", "2\n5\n1\n50\n2\n" + "\0".repeat(501) + "xyz"),
            pax("GNU.sparse.size", "99", "GNU.sparse.map", "5,1,50,2", "GNU.sparse.name", "real"),
            file("s", "xyz"),
            header("s", 'S')
                    .gnu()
                    .text(386, "00000000012\00000000000003\0")
                    .text(483, "00000011610\0")
                    .payload("abc"),
            header("base256", '0').text(108, "\u0080\0\0\0\u00ff\u00ff\u00ff\u00fe"),
            file("last", "y".repeat(1024)));

    @Test
    void archivesCutAnywhereNearABlockGiveWhatIsBeforeTheCut() {
        int all = FuzzTargets.tar(ARCHIVE);
        int before = 0;
        for (int block = 0; block <= ARCHIVE.length; block += 512) {
            for (int cut = Math.max(0, block - 1); cut <= Math.min(ARCHIVE.length, block + 1); cut++) {
                int entries = FuzzTargets.tar(Arrays.copyOf(ARCHIVE, cut));
                assertThat(entries).as("cut at %d", cut).isBetween(before, all);
                before = entries;
            }
        }
        assertThat(before).isEqualTo(all);
    }

    @Test
    void archivesWithFlippedBitsGiveEntriesOrANamedFailure() {
        Random random = new Random(SEED);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] damaged = damage(ARCHIVE, random);
            fixChecksums(damaged);
            attempt(round, () -> FuzzTargets.tar(damaged));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zstd", "members", "frames"})
    void layersWithFlippedBitsGiveEntriesOrANamedFailure(String how) {
        byte[] half = Arrays.copyOf(ARCHIVE, 5000);
        byte[] rest = Arrays.copyOfRange(ARCHIVE, 5000, ARCHIVE.length);
        byte[] blob = switch (how) {
            case "gzip" -> gzip(ARCHIVE);
            case "zstd" -> zstd(ARCHIVE);
            case "members" -> join(gzip(half), gzip(rest), new byte[100]);
            default -> join(skippable(0, half), zstd(half), skippable(5, rest), zstd(rest));
        };
        Random random = new Random(SEED);
        for (int round = 0; round < ROUNDS / 4; round++) {
            byte[] damaged = damage(blob, random);
            attempt(round, () -> FuzzTargets.layer(damaged));
        }
    }

    /// Flips one to four bits, and now and then cuts or repeats a stretch.
    private static byte[] damage(byte[] bytes, Random random) {
        byte[] damaged = bytes.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return switch (random.nextInt(8)) {
            case 0 -> Arrays.copyOf(damaged, random.nextInt(damaged.length));
            case 1 -> {
                int from = random.nextInt(damaged.length);
                yield join(damaged, Arrays.copyOfRange(damaged, from, damaged.length));
            }
            default -> damaged;
        };
    }

    /// Makes every block that looks like a header have the right sum, else damage would never get past it.
    private static void fixChecksums(byte[] archive) {
        for (int at = 0; at + 512 <= archive.length; at += 512) {
            if (archive[at + 257] == 'u' && archive[at + 258] == 's') {
                int sum = 8 * ' ';
                for (int i = 0; i < 512; i++) {
                    sum += i >= 148 && i < 156 ? 0 : archive[at + i] & 0xff;
                }
                byte[] text = String.format("%06o\0 ", sum).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
                System.arraycopy(text, 0, archive, at + 148, 8);
            }
        }
    }

    private static void attempt(int round, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("round " + round + " of seed " + SEED + ": " + e, e);
        }
    }
}
