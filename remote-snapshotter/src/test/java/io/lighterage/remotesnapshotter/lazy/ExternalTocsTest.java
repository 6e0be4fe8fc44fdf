package io.lighterage.remotesnapshotter.lazy;

import static io.lighterage.remotesnapshotter.lazy.FlatFileTest.files;
import static io.lighterage.remotesnapshotter.lazy.ImageBench.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.RequestRecord;
import io.lighterage.stargz.tar.Tars;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Images whose tables of contents are in a second image beside them, over a real registry.
@Timeout(60)
class ExternalTocsTest {
    private static final LazyOptions ONLY_DEMAND = LazyOptions.defaults().withBackground(false);
    private static final String TAG = "latest-esgztoc";
    private static final Logger LOG = Logger.getLogger(LayerOpener.class.getName());

    @TempDir
    Path root;

    private final Map<String, byte[]> files = files(20, 100_000);
    private final EstargzBlob blob = EstargzBlob.detached(files);
    private final Log log = new Log();
    private ImageBench bench;

    @BeforeEach
    void start() {
        LOG.addHandler(log);
        bench = new ImageBench(root);
    }

    @AfterEach
    void stop() {
        LOG.removeHandler(log);
        bench.close();
    }

    @Test
    void theLayersOfAnImageAreOpenedWithTheTablesBesideItWhoseManifestIsReadOnce() {
        List<String> tables = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            EstargzBlob each = EstargzBlob.detached(files(3, 100_000 + i));
            bench.add(each);
            tables.add(entry(each.table(), each.descriptor()));
        }
        putTocImage(String.join(",", tables));
        bench.open(ONLY_DEMAND, image -> {
            assertThat(beside()).hasSize(1);
            assertThat(bench.blobRequests()).as("a tail and a table each").hasSize(10);
            for (int i = 0; i < 5; i++) {
                LazyLayer layer = image.layers().get(i);
                assertThat(layer.content().bytesHere()).isZero();
                assertThat(content(layer, "f1")).isEqualTo(files(3, 100_000 + i).get("f1"));
            }
        });
        assertThat(log.lines).isEmpty();
    }

    @Test
    void nobodyAsksForTablesBesideAnImageThatHasThemInItsLayers() {
        bench.add(new EstargzBlob(files, 64 << 10, 0));
        bench.addPlain(Tars.tarOf(Tars.file("plain", "text")));
        putTocImage("");
        bench.open(ONLY_DEMAND, image -> assertThat(beside()).isEmpty());
    }

    @Test
    void aLayerThatWasOpenedBeforeAsksNobody() {
        add();
        putTocImage(entry(blob.table(), blob.descriptor()));
        bench.open(ONLY_DEMAND, image -> {});
        bench.mirror().clearRequests();
        bench.open(ONLY_DEMAND, image -> assertThat(bench.mirror().requests()).isEmpty());
    }

    @Test
    void withoutAnImageBesideTheLayerIsPulledAndTheLogSaysWhy() {
        assertPulledBecause("whose tag ends in -esgztoc");
        assertThat(beside()).hasSize(1);
    }

    @Test
    void aLayerThatTheImageBesideDoesNotNameIsPulled() {
        Descriptor other = new EstargzBlob(files, 64 << 10, 0).descriptor();
        putTocImage(entry(blob.table(), other));
        assertPulledBecause("has none for this layer");
    }

    @Test
    void anImageBesideOfAnotherKindIsOfNoUse() {
        bench.upstream()
                .putManifest(
                        "app",
                        TAG,
                        MediaType.OCI_INDEX,
                        bytes("{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_INDEX + "\",\"manifests\":[]}"));
        assertPulledBecause("is an index of 0 images");
    }

    @Test
    void aManifestBesideThatIsNoneIsOfNoUse() {
        bench.upstream()
                .putManifest(
                        "app",
                        TAG,
                        MediaType.OCI_MANIFEST,
                        bytes("{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_MANIFEST + "\",\"layers\":3}"));
        assertPulledBecause("is of no use");
    }

    @Test
    void aTableOfAnotherConversionIsNotUsedAndTheLayerPulled() {
        byte[] other = EstargzBlob.table("{\"version\":1,\"entries\":[]}".getBytes(StandardCharsets.UTF_8));
        putTocImage(entry(other, blob.descriptor()));
        assertPulledBecause("another than the layer was made with", "the image's manifest says");
    }

    @Test
    void aBlobThatIsNoTableIsNotUsedAndTheLayerPulled() {
        putTocImage(entry("no table".getBytes(StandardCharsets.UTF_8), blob.descriptor()));
        assertPulledBecause("another than the layer was made with");
    }

    @Test
    void aTableThatIsNotThereIsNotUsedAndTheLayerPulled() {
        putTocImage(json(Digest.sha256(new byte[] {7}), 99, blob.descriptor()));
        assertPulledBecause("is of no use");
    }

    @Test
    void aTableLongerThanAnyMayBeIsNotReadAndTheLayerPulled() {
        Digest digest = bench.upstream().put("app", ByteBuffer.wrap(blob.table()));
        putTocImage(json(digest, (150L << 20) + 1, blob.descriptor()));
        assertPulledBecause("at most");
        assertThat(bench.mirror().requests())
                .noneMatch(request -> request.path().contains(digest.hex()));
    }

    @Test
    void aTableWhoseBytesAreNotThoseOfItsDigestIsCorruptAndNothingIsPulled() {
        Digest digest = Digest.sha256(blob.table());
        byte[] damaged = blob.table();
        damaged[20] ^= 1;
        bench.upstream().put("app", digest, ByteBuffer.wrap(damaged));
        putTocImage(json(digest, damaged.length, blob.descriptor()));
        assertRefused(ErrorKind.CORRUPT, digest.toString(), "whose tag ends in -esgztoc");
    }

    @Test
    void aTableThatIsTheLayersAndCannotBeIsInvalid() {
        byte[] json =
                "{\"version\":1,\"entries\":[{\"name\":\"a\",\"type\":\"what\"}]}".getBytes(StandardCharsets.UTF_8);
        Descriptor layer = blob.descriptor()
                .withAnnotations(Map.of(
                        "containerd.io/snapshot/stargz/toc.digest",
                        Digest.sha256(json).toString()));
        bench.add(layer, blob.bytes());
        putTocImage(entry(EstargzBlob.table(json), layer));
        assertRefused(ErrorKind.INVALID, "of type 'what'");
    }

    @Test
    void aRegistryThatDoesNotAnswerIsNotTakenForOneWithoutTables() {
        add();
        putTocImage(entry(blob.table(), blob.descriptor()));
        bench.mirror().faults().nextManifests(1000, Fault.status(403));
        assertRefused(ErrorKind.DENIED, "whose tag ends in -esgztoc");
    }

    @Test
    void aLayerAllOfWhichIsHereNeedsNoTable() throws IOException {
        add();
        bench.open(ONLY_DEMAND, image -> {});
        assertThat(beside()).hasSize(1);
        Files.delete(bench.place().resolve("index"));
        bench.mirror().clearRequests();
        bench.open(ONLY_DEMAND, image -> {
            assertThat(content(image.layers().getFirst(), "f7")).isEqualTo(files.get("f7"));
            assertThat(bench.mirror().requests()).isEmpty();
        });
    }

    private void add() {
        bench.add(
                blob,
                Tars.unterminated(files.entrySet().stream()
                        .map(file -> Tars.file(file.getKey(), file.getValue()))
                        .toArray(Tars.Item[]::new)));
    }

    private void assertPulledBecause(String... reasons) {
        add();
        bench.open(ONLY_DEMAND, image -> {
            LazyLayer layer = image.layers().getFirst();
            assertThat(layer.content().complete()).isTrue();
            files.forEach((name, bytes) -> assertThat(content(layer, name)).isEqualTo(bytes));
        });
        assertThat(log.lines).hasSize(1);
        assertThat(log.lines.getFirst())
                .contains(blob.descriptor().digest().toString())
                .contains(reasons);
    }

    private void assertRefused(ErrorKind kind, String... parts) {
        if (bench.layers().isEmpty()) {
            add();
        }
        ImageException failure = catchThrowableOfType(ImageException.class, () -> bench.open(ONLY_DEMAND, image -> {}));
        assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(kind);
        assertThat(failure.getMessage()).contains(parts);
        assertThat(bench.blobRequests())
                .filteredOn(request ->
                        request.path().contains(blob.descriptor().digest().hex()))
                .as("the tail, and no pull")
                .hasSize(1);
    }

    private List<RequestRecord> beside() {
        return bench.mirror().requests().stream()
                .filter(request -> request.path().contains("esgztoc"))
                .toList();
    }

    /// Puts a table into the registry.
    private String entry(byte[] table, Descriptor layer) {
        return json(bench.upstream().put("app", ByteBuffer.wrap(table)), table.length, layer);
    }

    private static String json(Digest table, long size, Descriptor layer) {
        return "{\"mediaType\":\"" + MediaType.OCI_LAYER_GZIP + "\",\"digest\":\"" + table + "\",\"size\":" + size
                + ",\"annotations\":{\"containerd.io/snapshot/stargz/layer.digest\":\"" + layer.digest() + "\"}}";
    }

    private void putTocImage(String layers) {
        Digest config = bench.upstream().put("app", bytes("{}"));
        bench.upstream()
                .putManifest(
                        "app",
                        TAG,
                        MediaType.OCI_MANIFEST,
                        bytes("{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_MANIFEST
                                + "\",\"config\":{\"mediaType\":\"" + MediaType.OCI_CONFIG + "\",\"digest\":\"" + config
                                + "\",\"size\":2},\"layers\":[" + layers + "]}"));
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    /// What was logged.
    private static final class Log extends Handler {
        private final List<String> lines = new CopyOnWriteArrayList<>();

        @Override
        public void publish(LogRecord line) {
            lines.add(new SimpleFormatter().formatMessage(line));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
