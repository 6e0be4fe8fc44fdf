package io.lighterage.stargz.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndexBuilder;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Damaged blobs, tables and footers give what was there before, or a named failure, and never other bytes.
@Timeout(600)
class HostileLayersTest {
    private static final int ROUNDS = Boolean.getBoolean("lighterage.full") ? 100_000 : 5_000;
    private static final long SEED = Long.getLong("lighterage.seed", 20261124L);

    /// Numbers at which arithmetic turns, as footers have them.
    private static final byte[][] EDGES = {
        {-1, -1, -1, -1, -1, -1, -1, -1},
        {-1, -1, -1, -1, -1, -1, -1, 127},
        {0, 0, 0, 0, 0, 0, 0, -128},
        {0, 0, 0, 0, 0, 0, 0, 0},
        "7fffffff".getBytes(StandardCharsets.US_ASCII),
        "00000000".getBytes(StandardCharsets.US_ASCII),
    };

    private static LazyBlob sample(String kind) {
        LazyBlob blob = kind.equals("estargz") ? LazyBlob.gzipMembers() : LazyBlob.zstdFrames();
        blob.item("{'name':'d/','type':'dir','mode':493,'modtime':'2024-02-29T12:34:56Z','xattrs':{'user.a':'AP8='}}");
        blob.file("d/a", "hello world").file(".prefetch.landmark", "\u000f").file("b", "x".repeat(300));
        int first = blob.add("01234567");
        int end = blob.add("89abcdef");
        blob.item("{'name':'f','type':'reg','size':16,'offset':" + first + ",'chunkSize':8,'chunkDigest':'"
                + LazyBlob.sha("01234567") + "','digest':'" + LazyBlob.sha("0123456789abcdef") + "'}");
        blob.item("{'name':'f','type':'chunk','offset':" + end + ",'chunkOffset':8,'chunkSize':8,'chunkDigest':'"
                + LazyBlob.sha("89abcdef") + "'}");
        blob.item("{'name':'l','type':'hardlink','linkName':'b'}");
        blob.item("{'name':'s','type':'symlink','linkName':'d/a'}");
        blob.item("{'name':'c','type':'char','devMajor':1,'devMinor':3}");
        blob.item("{'name':'.wh.gone','type':'reg'}");
        return switch (kind) {
            case "estargz" -> blob.estargz();
            case "chunked" -> blob.chunked();
            default -> blob.stargzChunked();
        };
    }

    private static void rounds(int count, Consumer<Random> round) {
        Random random = new Random(SEED);
        for (int i = 0; i < count; i++) {
            try {
                round.accept(random);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("round " + i + " of seed " + SEED + ": " + e, e);
            }
        }
    }

    private static void flip(byte[] bytes, int from, Random random) {
        bytes[from + random.nextInt(bytes.length - from)] ^= (byte) (1 << random.nextInt(8));
    }

    /// All that the layer says of a file.
    private static String description(LazyBlob blob, LayerIndex index) {
        StringBuilder all = new StringBuilder();
        for (int chunk = 0; chunk < index.chunkCount(); chunk++) {
            all.append(index.path(index.chunkInode(chunk)))
                    .append('=')
                    .append(new String(blob.chunk(index, chunk), StandardCharsets.UTF_8))
                    .append('\n');
        }
        return all.append(index.inodeCount()).toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"estargz", "chunked", "stargz"})
    void aFlippedBitOfTheBlobNeverGivesOtherBytes(String kind) {
        LazyBlob blob = sample(kind);
        byte[] good = blob.bytes();
        String expected = description(blob, blob.index());
        rounds(ROUNDS / 5, random -> {
            byte[] damaged = good.clone();
            flip(damaged, 0, random);
            blob.withBytes(damaged);
            try {
                assertThat(description(blob, blob.index())).isEqualTo(expected);
            } catch (ImageException e) {
                assertThat(e.kind())
                        .as(e.getMessage())
                        .isIn(ErrorKind.CORRUPT, ErrorKind.INVALID, ErrorKind.UNSUPPORTED);
            } catch (AssertionError e) {
                // the digest of a chunk is what finds damage to it
                assertThat(e).hasMessageContaining("another digest");
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"estargz", "chunked", "stargz"})
    void damagedTablesUnderARightDigestGiveAnIndexOrANamedFailure(String kind) {
        byte[] good = sample(kind).bytes();
        int[] accepted = {0};
        rounds(ROUNDS / 5, random -> {
            byte[] damaged = good.clone();
            for (int flips = random.nextInt(3); flips >= 0; flips--) {
                flip(damaged, good.length / 3, random);
            }
            accepted[0] += LazyTargets.blob(random.nextInt(9) == 0 ? cut(damaged, random) : damaged);
        });
        assertThat(accepted[0]).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"estargz", "chunked", "stargz", "first", "detached"})
    void damagedFootersLeadIntoTheBlobOrNowhere(String kind) {
        byte[] blob = switch (kind) {
            case "first" -> LazyBlob.gzipMembers().estargz(new byte[900], 47).bytes();
            case "detached" -> sample("estargz").detached().bytes();
            default -> sample(kind).bytes();
        };
        byte[] good = Arrays.copyOfRange(blob, blob.length - Math.min(blob.length, 600), blob.length);
        assertThat(LazyTargets.footer(blob)).as("undamaged").isPositive();
        int[] accepted = {0};
        rounds(ROUNDS, random -> {
            byte[] damaged = random.nextInt(9) == 0 ? cut(good, random) : good.clone();
            for (int flips = random.nextInt(3); flips > 0 && damaged.length > Footer.MAX_BYTES; flips--) {
                flip(damaged, damaged.length - Footer.MAX_BYTES, random);
            }
            if (random.nextInt(3) == 0 && damaged.length > Footer.MAX_BYTES) {
                byte[] number = EDGES[random.nextInt(EDGES.length)];
                System.arraycopy(number, 0, damaged, damaged.length - 8 * (1 + random.nextInt(9)), number.length);
            }
            accepted[0] += LazyTargets.footer(damaged);
        });
        assertThat(accepted[0]).isGreaterThan(ROUNDS / 10);
    }

    private static byte[] cut(byte[] bytes, Random random) {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
    }

    @Test
    void damagedTablesFromElsewhereGiveAnIndexOrANamedFailure() {
        LazyBlob blob = sample("estargz").detached();
        byte[] toc = blob.tocBlob();
        byte[] both = Arrays.copyOf(toc, toc.length + blob.bytes().length);
        System.arraycopy(blob.bytes(), 0, both, toc.length, blob.bytes().length);
        int[] accepted = {0};
        rounds(ROUNDS / 5, random -> {
            byte[] damaged = both.clone();
            for (int flips = random.nextInt(4); flips > 0; flips--) {
                flip(damaged, 0, random);
            }
            accepted[0] += LazyTargets.detached(damaged, random.nextInt(9) == 0 ? toc.length - 1 : toc.length) ? 1 : 0;
        });
        assertThat(accepted[0]).isPositive();
    }

    @Test
    void damagedJsonGivesAnIndexOrANamedFailure() {
        byte[] good = sample("estargz").json().getBytes(StandardCharsets.UTF_8);
        int[] accepted = {0};
        rounds(ROUNDS, random -> {
            byte[] damaged = good.clone();
            for (int flips = random.nextInt(3); flips >= 0; flips--) {
                int at = random.nextInt(damaged.length);
                if (random.nextBoolean() && damaged[at] >= '0' && damaged[at] <= '9') {
                    damaged[at] = (byte) ('0' + random.nextInt(10));
                } else {
                    damaged[at] ^= (byte) (1 << random.nextInt(8));
                }
            }
            accepted[0] += LazyTargets.toc(damaged) ? 1 : 0;
        });
        assertThat(accepted[0]).isPositive();
    }

    @Test
    void itemsInAnyOrderGiveAnIndexOrANamedFailure() {
        String[] items = {
            "{'name':'a','type':'dir'}",
            "{'name':'a','type':'reg','size':5,'offset':7,'digest':'" + LazyBlob.sha("x") + "'}",
            "{'name':'a','type':'reg'}",
            "{'name':'a/b','type':'reg','size':5,'offset':9,'digest':'" + LazyBlob.sha("x") + "'}",
            "{'name':'a/b','type':'dir'}",
            "{'name':'b','type':'symlink','linkName':'a'}",
            "{'name':'b','type':'hardlink','linkName':'a'}",
            "{'name':'a','type':'hardlink','linkName':'b'}",
            "{'name':'b/c','type':'hardlink','linkName':'a/b'}",
            "{'name':'b/c','type':'fifo'}",
            "{'name':'.wh.a','type':'reg'}",
            "{'name':'a/.wh.b','type':'reg'}",
            "{'name':'a/.wh..wh..opq','type':'reg'}",
            "{'name':'b/.wh.c','type':'reg'}",
            "{'name':'a','type':'symlink','linkName':'/'}",
            "{'name':'a/b','type':'symlink','linkName':'../b/./c'}",
        };
        int[] accepted = {0};
        rounds(ROUNDS, random -> {
            StringBuilder json = new StringBuilder("{'version':1,'entries':[");
            for (int i = 1 + random.nextInt(8); i > 0; i--) {
                json.append(items[random.nextInt(items.length)]).append(i > 1 ? "," : "");
            }
            byte[] bytes = json.append("]}").toString().replace('\'', '"').getBytes(StandardCharsets.UTF_8);
            accepted[0] += LazyTargets.toc(bytes) ? 1 : 0;
        });
        assertThat(accepted[0]).isGreaterThan(ROUNDS / 10);
    }

    @Test
    void anyBytesAreNoLayer() {
        rounds(ROUNDS, random -> {
            byte[] bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            LazyTargets.blob(bytes);
            LazyTargets.detached(bytes);
            LazyTargets.toc(bytes);
        });
    }

    @Test
    void aTableOfTooManyEntriesIsRefused() {
        StringBuilder json = new StringBuilder("{\"version\":1,\"entries\":[");
        for (int i = 0; i < 1_000_000; i++) {
            json.append("{\"name\":\"a\",\"type\":\"dir\"},");
        }
        byte[] bytes =
                json.append("{\"name\":\"a\",\"type\":\"dir\"}]}").toString().getBytes(StandardCharsets.UTF_8);
        LayerIndexBuilder builder = new LayerIndexBuilder(Digest.sha256(bytes), Encoding.GZIP_MEMBERS);
        TocEntries entries = new TocEntries(builder, new Footer(Encoding.GZIP_MEMBERS, 9, 9), "layer x");
        assertThatThrownBy(() -> new TocParser("the table", entries).parse(new ByteArrayInputStream(bytes)))
                .hasMessageContaining("more than 1000000 entries");
    }
}
