package io.lighterage.contentstore.disk;

import static io.lighterage.contentstore.Failures.kind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.ContentStore.IngestResult;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A store on a file system of 4 MiB.
final class FullDiskTest {
    @TempDir
    Path root;

    private Tmpfs disk;
    private LocalStore store;
    private ContentStore content;

    @BeforeAll
    static void needRoot() {
        Tmpfs.assumeMountable();
    }

    @BeforeEach
    void mount() throws Exception {
        disk = Tmpfs.mount(root, "size=4m");
        store = Bytes.open(root);
        content = store.namespace("default").content();
    }

    @AfterEach
    void unmount() throws Exception {
        store.close();
        disk.close();
    }

    @Test
    void aBlobThatCannotFitIsRefusedBeforeItsFirstByte() {
        Descriptor blob = new Descriptor("", Digest.sha256(new byte[0]), 4 << 20);
        assertThatThrownBy(() -> content.ingest(blob))
                .satisfies(kind(ErrorKind.EXHAUSTED))
                .hasMessageContaining(root.toString())
                .hasMessageContaining(Integer.toString(4 << 20));
    }

    @Test
    void whatOtherIngestsStillNeedCountsToo() {
        byte[] one = Bytes.random(1, 1_800_000);
        byte[] two = Bytes.random(2, 1_800_000);
        try (Ingest first = Bytes.writing(content, Bytes.layer(one))) {
            assertThatThrownBy(() -> content.ingest(Bytes.layer(two))).satisfies(kind(ErrorKind.EXHAUSTED));
            first.write(0, ByteBuffer.wrap(one, 0, 10));
        }
        try (Ingest second = Bytes.writing(content, Bytes.layer(two))) {
            assertThat(second.contiguous()).isZero();
        }
    }

    @Test
    void aDiskThatFillsDuringAWriteKeepsWhatWasWritten() throws Exception {
        byte[] bytes = Bytes.random(3, 2_000_000);
        Descriptor blob = Bytes.layer(bytes);
        try (Ingest ingest = Bytes.writing(content, blob)) {
            ingest.write(0, ByteBuffer.wrap(bytes, 0, 300_000));
            Path ballast = fill();
            assertThatThrownBy(() -> {
                        for (int at = 300_000; at < bytes.length; at += 100_000) {
                            ingest.write(at, ByteBuffer.wrap(bytes, at, 100_000));
                        }
                    })
                    .satisfies(kind(ErrorKind.EXHAUSTED))
                    .hasMessageContaining("lighter gc")
                    .hasMessageContaining(root.toString());
            assertThatThrownBy(ingest::commit).satisfies(kind(ErrorKind.PRECONDITION));
            Files.delete(ballast);
        }
        try (Ingest ingest = Bytes.writing(content, blob)) {
            assertThat(ingest.contiguous()).isGreaterThanOrEqualTo(300_000);
            for (Ingest.ByteRange gap : ingest.missing()) {
                ingest.write(gap.offset(), ByteBuffer.wrap(bytes, (int) gap.offset(), (int) gap.length()));
            }
            ingest.commit();
        }
        assertThat(Bytes.read(content, blob.digest())).isEqualTo(bytes);
    }

    @Test
    void aDiskFullAtTheCommitLeavesABlobThatIsFoundAgain() throws Exception {
        byte[] bytes = Bytes.random(4, 1_000_000);
        Descriptor blob = Bytes.layer(bytes);
        try (Ingest ingest = Bytes.writing(content, blob)) {
            ingest.write(0, ByteBuffer.wrap(bytes));
            Path ballast = fill();
            // The log of the database may have room for a few rows yet.
            ImageException failure = null;
            for (int i = 0; failure == null; i++) {
                try {
                    store.namespace("default").images().put("image:" + i, blob, Map.of("l", "x".repeat(4000)));
                } catch (ImageException e) {
                    failure = e;
                }
            }
            assertThat(failure).satisfies(kind(ErrorKind.EXHAUSTED));
            assertThatThrownBy(ingest::commit).satisfies(kind(ErrorKind.EXHAUSTED));
            Files.delete(ballast);
        }
        assertThat(content.info(blob.digest())).isEmpty();
        assertThat(content.ingest(blob)).isInstanceOf(IngestResult.Present.class);
        assertThat(Bytes.read(content, blob.digest())).isEqualTo(bytes);
        assertThat(store.fsck((blobs, total, done, all) -> {}).clean()).isTrue();
        assertThat(new Layout(root).ingestsOnDisk()).isEmpty();
    }

    @Test
    void aReadOnlyFileSystemIsDeniedWithARemedy() throws Exception {
        store.close();
        disk.remount("ro");
        assertThatThrownBy(() -> Bytes.open(root))
                .satisfies(kind(ErrorKind.DENIED))
                .hasMessageContaining("--root");
        disk.remount("rw");
        store = Bytes.open(root);
        assertThat(store.namespaces()).containsExactly("default");
    }

    /// Leaves no free block.
    private Path fill() throws IOException {
        Path ballast = root.resolve("ballast");
        try (FileChannel channel = FileChannel.open(ballast, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            while (true) {
                channel.write(ByteBuffer.allocate(4096));
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
        return ballast;
    }
}
