package io.lighterage.contentstore.disk;

import static io.lighterage.contentstore.Failures.kind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.ContentStore.IngestResult;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.Store.FsckReport;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CheckTest {
    @TempDir
    Path root;

    private LocalStore store;
    private ContentStore content;

    @BeforeEach
    void open() {
        store = Bytes.open(root);
        content = store.namespace("default").content();
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void aFlippedBitIsQuarantinedInEveryNamespaceAndTheBlobCanBeFetchedAgain() throws IOException {
        byte[] bytes = Bytes.random(1, 3_000_000);
        Descriptor blob = Bytes.layer(bytes);
        byte[] sound = Bytes.random(2, 1000);
        ContentStore other = store.namespace("other").content();
        Bytes.put(content, blob, bytes);
        Bytes.put(other, blob, bytes);
        Bytes.put(content, Bytes.layer(sound), sound);
        for (int time = 0; time < 2; time++) {
            flipBit(blob, 2_000_000);
            List<String> heard = new ArrayList<>();
            FsckReport report = store.fsck((blobs, all, done, total) -> heard.add(blobs + "/" + all + " " + total));
            assertThat(report).isEqualTo(new FsckReport(2, 3_001_000, List.of(blob.digest()), List.of(), List.of()));
            assertThat(report.clean()).isFalse();
            assertThat(heard).containsExactly("1/2 3001000", "2/2 3001000");
            assertThat(content.info(blob.digest())).isEmpty();
            assertThat(other.info(blob.digest())).isEmpty();
            try (var quarantine = Files.list(root.resolve("quarantine"))) {
                assertThat(quarantine).hasSize(time + 1);
            }
            Bytes.put(content, blob, bytes);
            Bytes.put(other, blob, bytes);
            assertThat(Bytes.read(content, blob.digest())).isEqualTo(bytes);
        }
        assertThat(check().clean()).isTrue();
    }

    @Test
    void aTruncatedBlobIsNamedAndQuarantined() throws IOException {
        byte[] bytes = Bytes.random(3, 10_000);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content, blob, bytes);
        try (RandomAccessFile file = new RandomAccessFile(path(blob).toFile(), "rw")) {
            file.setLength(9000);
        }
        assertThatThrownBy(() -> Bytes.read(content, blob.digest())).satisfies(kind(ErrorKind.CORRUPT));
        assertThatThrownBy(() -> content.ingest(blob))
                .satisfies(kind(ErrorKind.CORRUPT))
                .hasMessageContaining("lighter fsck");
        assertThat(check().quarantined()).containsExactly(blob.digest());
        Bytes.put(content, blob, bytes);
        assertThat(Bytes.read(content, blob.digest())).isEqualTo(bytes);
    }

    @Test
    void aDeletedFileIsReportedMissingAndForgotten() throws IOException {
        byte[] bytes = Bytes.random(4, 10_000);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content, blob, bytes);
        Files.delete(path(blob));
        assertThatThrownBy(() -> content.open(blob.digest())).satisfies(kind(ErrorKind.CORRUPT));
        FsckReport report = check();
        assertThat(report).isEqualTo(new FsckReport(0, 0, List.of(), List.of(blob.digest()), List.of()));
        assertThat(content.info(blob.digest())).isEmpty();
        assertThat(check().clean()).isTrue();
    }

    @Test
    void aDeletedFileIsFetchedAgainWithoutACheck() throws IOException {
        byte[] bytes = Bytes.random(5, 10_000);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content, blob, bytes);
        Files.delete(path(blob));
        assertThat(content.ingest(blob))
                .isInstanceOfSatisfying(
                        IngestResult.Writing.class, writing -> writing.ingest().close());
        Bytes.put(content, blob, bytes);
        assertThat(Bytes.read(content, blob.digest())).isEqualTo(bytes);
    }

    @Test
    void aFileNoNamespaceNamesIsReportedAndLeftForTheCollector() throws IOException {
        byte[] bytes = Bytes.random(6, 10_000);
        Descriptor blob = Bytes.layer(bytes);
        Files.write(path(blob), bytes);
        Files.writeString(root.resolve("blobs/sha256/README"), "not a blob");
        FsckReport report = check();
        assertThat(report).isEqualTo(new FsckReport(1, 10_000, List.of(), List.of(), List.of(blob.digest())));
        assertThat(report.clean()).isTrue();
        assertThat(content.ingest(blob)).isInstanceOf(IngestResult.Present.class);
        assertThat(check().adopted()).isEmpty();
    }

    private FsckReport check() {
        return store.fsck((blobs, all, done, total) -> {});
    }

    private Path path(Descriptor blob) {
        return root.resolve("blobs/sha256").resolve(blob.digest().hex());
    }

    private void flipBit(Descriptor blob, long at) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path(blob).toFile(), "rw")) {
            file.seek(at);
            int old = file.read();
            file.seek(at);
            file.write(old ^ 4);
        }
    }
}
