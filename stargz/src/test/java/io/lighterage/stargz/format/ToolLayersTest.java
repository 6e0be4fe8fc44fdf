package io.lighterage.stargz.format;

import static io.lighterage.stargz.tar.Tars.charDevice;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.manifest.Manifest;
import io.lighterage.contentstore.manifest.ManifestParser;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.Sources;
import io.lighterage.stargz.compress.Decompression;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.IndexedTar;
import io.lighterage.stargz.index.LayerIndex;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Layers that we and other programs made: what their tables of contents say is what their tar streams hold, and
/// every chunk can be had alone.
///
/// `-Dlighterage.layouts=DIR:DIR` names OCI layouts, of one manifest each, to look at as well.
class ToolLayersTest {
    private static final String MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

    @TempDir
    Path folder;

    @Test
    void skopeosChunkedLayersAreReadAsTheirTarStreams() throws Exception {
        byte[] tar = everything();
        Path plain = layout("plain", tar);
        Path chunked = folder.resolve("chunked");
        run("skopeo", "copy", "--dest-compress-format", "zstd:chunked", "oci:" + plain, "oci:" + chunked);
        assertThat(check(chunked)).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"ESTARGZ,''", "ESTARGZ,'link\nd/late\n'", "ZSTD_CHUNKED,''", "ZSTD_CHUNKED,'link\nd/late\n'"})
    void ourOwnLayersAreReadAsTheirTarStreams(LayerForm form, String priorities) throws IOException {
        String lines = priorities.replace("\\n", "\n");
        Conversion made = Conversion.of(everything(), form, 64 << 10, lines, folder);
        ConvertedLayer layer = made.layer();
        LayerIndex index = check(
                new Descriptor("any/type", layer.digest(), layer.size()).withAnnotations(layer.annotations()),
                made.file());
        assertThat(index.prefetchEnd() > 0).isEqualTo(!priorities.isEmpty());
        assertThat(index.chunkCount()).isGreaterThan(10);
    }

    /// Made by the package `externaltoc` of stargz-snapshotter 0.14.3 from an archive of six entries, with chunks of
    /// 256
    /// bytes; in the second, members go on until they hold 400, so that several chunks share one.
    @ParameterizedTest
    @CsvSource({
        "min-0,sha256:4ef662de2f31076a40a1f49a8542e9b7a1f738ab761582cb4a24b66e08ea09f8,0",
        "min-400,sha256:cc11795b8f153ddc83c1d4d3a3403157c01334f5bf884fa4bc191ba431527972,256"
    })
    void stargzSnapshottersLayersWithTablesElsewhereAreReadAsTheirTarStreams(
            String name, String tocDigest, int innerOffset) throws IOException {
        byte[] blob = resource(name + ".layer");
        Path file = Files.write(folder.resolve(name), blob);
        Descriptor layer = new Descriptor("any/type", Digest.sha256(blob), blob.length)
                .withAnnotations(Map.of(LazyBlob.TOC_DIGEST, tocDigest));
        LayerIndex index = check(layer, file, resource(name + ".toc"));
        assertThat(index.chunkCount()).isEqualTo(5);
        int inode = index.lookup(index.lookup(LayerIndex.ROOT, RawName.of("d")), RawName.of("chunked"));
        int chunk = index.chunkAt(index.flatOffset(inode) + 512);
        assertThat(index.chunkInnerOffset(chunk)).isEqualTo(innerOffset);
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = ToolLayersTest.class.getResourceAsStream("/externaltoc/" + name)) {
            return Objects.requireNonNull(in).readAllBytes();
        }
    }

    @Test
    void layersOfTheLayoutsThatWereNamedAreReadAsTheirTarStreams() throws IOException {
        String named = System.getProperty("lighterage.layouts");
        assumeTrue(named != null, "no -Dlighterage.layouts: no other layouts to look at");
        for (String layout : named.split(File.pathSeparator)) {
            assertThat(check(Path.of(layout))).as(layout).isPositive();
        }
    }

    /// An archive with every corner that the formats can hold.
    private static byte[] everything() {
        byte[] noise = new byte[400_000];
        new Random(5).nextBytes(noise);
        byte[] sparse = new byte[300_000];
        System.arraycopy(noise, 0, sparse, 100_000, 50_000);
        return tarOf(
                dir("./").mode(0755),
                dir("d").mode(01777).owner(7, 8).time(1_600_000_000L, 123_456_789),
                file("d/noise", noise).mode(04755).xattr("user.a", "b"),
                file("d/sparse", sparse),
                file("d/empty", ""),
                hardlink("link", "d/noise"),
                symlink("s", "../d/noise"),
                charDevice("c", 1, 3),
                whiteout("gone"),
                opaque("d"),
                file("d/late", "late"));
    }

    private Path layout(String name, byte[] tar) throws IOException {
        Path layout = Files.createDirectories(folder.resolve(name));
        Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
        byte[] config = ("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
                        + Digest.sha256(tar) + "\"]}}")
                .getBytes(StandardCharsets.UTF_8);
        byte[] manifest = ("{\"schemaVersion\":2,\"mediaType\":\"" + MANIFEST_TYPE + "\",\"config\":"
                        + reference("application/vnd.oci.image.config.v1+json", config) + ",\"layers\":["
                        + reference("application/vnd.oci.image.layer.v1.tar", tar) + "]}")
                .getBytes(StandardCharsets.UTF_8);
        for (byte[] blob : List.of(tar, config, manifest)) {
            Files.write(blobs.resolve(Digest.sha256(blob).hex()), blob);
        }
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        Files.writeString(
                layout.resolve("index.json"),
                "{\"schemaVersion\":2,\"manifests\":[" + reference(MANIFEST_TYPE, manifest) + "]}");
        return layout;
    }

    private static String reference(String type, byte[] blob) {
        return "{\"mediaType\":\"" + type + "\",\"digest\":\"" + Digest.sha256(blob) + "\",\"size\":" + blob.length
                + "}";
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            assumeTrue(false, command[0] + " is not installed: " + e.getMessage());
            return;
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
    }

    /// @return how many layers could be read in parts
    private int check(Path layout) throws IOException {
        Matcher found = Pattern.compile("\"digest\" *: *\"sha256:([0-9a-f]+)\"")
                .matcher(Files.readString(layout.resolve("index.json")));
        assertThat(found.find()).isTrue();
        byte[] bytes = Files.readAllBytes(layout.resolve("blobs/sha256").resolve(found.group(1)));
        Descriptor descriptor = new Descriptor(MANIFEST_TYPE, Digest.sha256(bytes), bytes.length);
        if (!(ManifestParser.parse(descriptor, bytes) instanceof Manifest.Image image)) {
            throw new AssertionError(layout + " does not lead to the manifest of an image");
        }
        int lazy = 0;
        for (Descriptor layer : image.layers()) {
            if (LazyFormats.plan(layer).isPresent()) {
                lazy++;
                check(
                        layer,
                        layout.resolve("blobs/sha256").resolve(layer.digest().hex()));
            }
        }
        return lazy;
    }

    private LayerIndex check(Descriptor layer, Path blob) throws IOException {
        return check(layer, blob, new byte[0]);
    }

    /// @param toc where the table of contents is not in the blob
    private LayerIndex check(Descriptor layer, Path blob, byte[] toc) throws IOException {
        try (FileChannel channel = FileChannel.open(blob)) {
            ByteBuffer all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            LayerEnd end = LazyFormats.read(layer, (offset, length) -> all.slice((int) offset, (int) length));
            UnverifiedLayer unverified = switch (end) {
                case UnverifiedLayer inside -> inside;
                case DetachedLayer detached -> detached.with(ByteBuffer.wrap(toc));
            };
            LayerIndex index =
                    unverified.verify().writeIndex(folder.resolve(layer.digest().hex()));
            byte[] tar;
            try (Decompression source = Decompression.open(Sources.blob(blob))) {
                tar = Sources.readAll(source);
            }
            IndexedTar stream = IndexedTar.of(tar, 1 << 20);
            LayerIndex expected = stream.index();
            assertSameTree(expected, LayerIndex.ROOT, index, LayerIndex.ROOT);
            assertSameContent(expected, stream.flat(), index, all);
            return index;
        }
    }

    private static void assertSameTree(LayerIndex expected, int from, LayerIndex actual, int to) {
        String path = expected.path(from).toString();
        assertThat(actual.kind(to)).as(path).isEqualTo(expected.kind(from));
        assertThat(actual.mode(to)).as(path).isEqualTo(expected.mode(from));
        assertThat(actual.uid(to)).as(path).isEqualTo(expected.uid(from));
        assertThat(actual.gid(to)).as(path).isEqualTo(expected.gid(from));
        assertThat(actual.size(to)).as(path).isEqualTo(expected.size(from));
        assertThat(actual.linkCount(to)).as(path).isEqualTo(expected.linkCount(from));
        assertThat(actual.xattrs(to)).as(path).isEqualTo(expected.xattrs(from));
        assertSameTime(expected, from, actual, to, path);
        switch (expected.kind(from)) {
            case DIRECTORY -> {
                assertThat(actual.opaque(to)).as(path).isEqualTo(expected.opaque(from));
                assertThat(actual.implied(to)).as(path).isEqualTo(expected.implied(from));
                assertThat(actual.childCount(to)).as(path).isEqualTo(expected.childCount(from));
                for (int i = 0; i < expected.childCount(from); i++) {
                    assertThat(actual.childName(to, i)).as(path).isEqualTo(expected.childName(from, i));
                    assertSameTree(expected, expected.childInode(from, i), actual, actual.childInode(to, i));
                }
            }
            case SYMLINK, LINK_BELOW -> assertThat(actual.target(to)).as(path).isEqualTo(expected.target(from));
            case CHARACTER_DEVICE, BLOCK_DEVICE -> {
                assertThat(actual.deviceMajor(to)).as(path).isEqualTo(expected.deviceMajor(from));
                assertThat(actual.deviceMinor(to)).as(path).isEqualTo(expected.deviceMinor(from));
            }
            case REGULAR, FIFO, WHITEOUT -> {}
        }
    }

    /// Tables of eStargz round times to the second.
    private static void assertSameTime(LayerIndex expected, int from, LayerIndex actual, int to, String path) {
        if (actual.encoding() == Encoding.ZSTD_FRAMES) {
            assertThat(actual.modifySeconds(to)).as(path).isEqualTo(expected.modifySeconds(from));
        } else {
            assertThat(actual.modifySeconds(to) - expected.modifySeconds(from))
                    .as(path)
                    .isBetween(0L, 1L);
        }
    }

    private static void assertSameContent(LayerIndex expected, byte[] flat, LayerIndex actual, ByteBuffer blob) {
        try (ChunkDecoder decoder = ChunkDecoder.of(actual.encoding(), "the layer")) {
            for (int chunk = 0; chunk < actual.chunkCount(); chunk++) {
                ByteBuffer bytes = ByteBuffer.allocateDirect(actual.chunkLength(chunk));
                int file = actual.chunkInode(chunk);
                if (!actual.chunkIsHole(chunk)) {
                    int from = (int) actual.chunkBlobOffset(chunk);
                    ByteBuffer range = blob.slice(from, (int) actual.chunkBlobEnd(chunk) - from);
                    decoder.decode(range, List.of(new ChunkDecoder.Part(actual.chunkInnerOffset(chunk), bytes)));
                }
                bytes.clear();
                assertThat(actual.chunkMatches(chunk, bytes))
                        .as("%s", actual.path(file))
                        .isTrue();
                int same = IndexedTar.find(expected, actual.path(file).toString());
                long at = expected.flatOffset(same) + actual.chunkFlatOffset(chunk) - actual.flatOffset(file);
                assertThat(bytes.mismatch(ByteBuffer.wrap(flat, (int) at, bytes.remaining())))
                        .as("%s", actual.path(file))
                        .isEqualTo(-1);
            }
        }
    }
}
