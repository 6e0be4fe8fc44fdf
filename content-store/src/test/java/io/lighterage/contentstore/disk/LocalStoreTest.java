package io.lighterage.contentstore.disk;

import static io.lighterage.contentstore.Failures.kind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.ContentStore.IngestResult;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageRecord;
import io.lighterage.contentstore.Ingest;
import io.lighterage.contentstore.Lease;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Namespace;
import io.lighterage.contentstore.Platform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalStoreTest {
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
    void aCommittedBlobLiesWhereAnOciLayoutHasIt() throws IOException {
        byte[] bytes = Bytes.random(1, 100_000);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content, blob, bytes);
        assertThat(root.resolve("oci-layout")).hasContent("{\"imageLayoutVersion\":\"1.0.0\"}");
        assertThat(root.resolve("blobs/sha256/" + blob.digest().hex())).hasBinaryContent(bytes);
        assertThat(root.resolve("ingest")).isEmptyDirectory();
        assertThat(Files.getPosixFilePermissions(root.resolve("blobs")))
                .hasToString("[OWNER_READ, OWNER_WRITE, OWNER_EXECUTE]");
    }

    @Test
    void anotherNamespaceDoesNotSeeABlobUntilItIngestsIt() {
        byte[] bytes = Bytes.random(2, 5000);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content, blob, bytes);
        ContentStore other = store.namespace("other").content();
        assertThat(other.info(blob.digest())).isEmpty();
        assertThatThrownBy(() -> other.open(blob.digest())).satisfies(kind(ErrorKind.NOT_FOUND));
        assertThat(other.ingest(blob)).isInstanceOf(IngestResult.Present.class);
        assertThat(Bytes.read(other, blob.digest())).isEqualTo(bytes);
        content.delete(blob.digest());
        assertThat(content.info(blob.digest())).isEmpty();
        assertThat(other.info(blob.digest())).isPresent();
    }

    @Test
    void aDescriptorWithAWrongSizeOfAPresentBlobIsRefused() {
        byte[] bytes = Bytes.random(3, 5000);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content, blob, bytes);
        Descriptor lie = new Descriptor(blob.mediaType(), blob.digest(), 4999);
        assertThatThrownBy(() -> content.ingest(lie))
                .satisfies(kind(ErrorKind.INVALID))
                .hasMessageContaining("4999");
        ContentStore other = store.namespace("other").content();
        assertThatThrownBy(() -> other.ingest(lie)).satisfies(kind(ErrorKind.INVALID));
        assertThat(other.ingest(blob)).isInstanceOf(IngestResult.Present.class);
    }

    @Test
    void sha512BlobsAreStoredUnderTheirAlgorithm() {
        byte[] bytes = Bytes.random(4, 5000);
        var hasher = Digest.newHasher("sha512");
        hasher.update(bytes);
        Descriptor blob = new Descriptor("", Digest.finish("sha512", hasher), bytes.length);
        Bytes.put(content, blob, bytes);
        assertThat(root.resolve("blobs/sha512/" + blob.digest().hex())).hasBinaryContent(bytes);
        assertThat(Bytes.read(content, blob.digest())).isEqualTo(bytes);
    }

    @Test
    void labelsBelongToOneNamespace() {
        byte[] bytes = Bytes.random(5, 10);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content, blob, bytes);
        ContentStore other = store.namespace("other").content();
        Bytes.put(other, blob, bytes);
        content.label(blob.digest(), Map.of("a", "1"));
        assertThat(content.list())
                .singleElement()
                .satisfies(info -> assertThat(info.labels()).isEqualTo(Map.of("a", "1")));
        assertThat(other.info(blob.digest()).orElseThrow().labels()).isEmpty();
    }

    @Test
    void imageRecordsKeepEveryFieldOfTheirDescriptor() {
        Descriptor target = new Descriptor(
                MediaType.OCI_MANIFEST,
                Digest.sha256(new byte[] {7}),
                42,
                Map.of("k", "v", "leer", ""),
                Optional.of(new Platform("linux", "arm64", "v8", "1.2", List.of("b", "a"))),
                "application/x",
                List.of("https://b.example/", "https://a.example/"));
        Namespace space = store.namespace("default");
        ImageRecord first = space.images().put("docker.io/library/a:1", target, Map.of("l", "1"));
        assertThat(first.target()).isEqualTo(target);
        assertThat(space.images().get("docker.io/library/a:1")).contains(first);
        Descriptor bare = new Descriptor(MediaType.OCI_INDEX, Digest.sha256(new byte[] {8}), 1);
        ImageRecord second = space.images().put("docker.io/library/a:1", bare, Map.of("m", "2"));
        assertThat(second.target()).isEqualTo(bare);
        assertThat(second.labels()).isEqualTo(Map.of("m", "2"));
        assertThat(second.createdAt()).isEqualTo(first.createdAt());
        assertThat(second.updatedAt()).isAfterOrEqualTo(first.updatedAt());
        assertThat(store.namespace("other").images().list()).isEmpty();
        assertThat(space.images().delete("docker.io/library/a:1")).isTrue();
        assertThat(space.images().delete("docker.io/library/a:1")).isFalse();
        assertThat(space.images().list()).isEmpty();
    }

    @Test
    void whatWasStoredIsThereAfterReopening() {
        byte[] bytes = Bytes.random(6, 3000);
        Descriptor blob = Bytes.layer(bytes);
        Bytes.put(content, blob, bytes);
        ImageRecord record = store.namespace("default").images().put("a:1", blob, Map.of());
        store.close();
        store = Bytes.open(root);
        assertThat(store.namespaces()).containsExactly("default");
        assertThat(store.namespace("default").images().list()).containsExactly(record);
        assertThat(Bytes.read(store.namespace("default").content(), blob.digest()))
                .isEqualTo(bytes);
    }

    @Test
    void anExpiredLeaseIsNotListedAndTakesNothingMore() {
        Instant start = Instant.parse("2026-01-01T00:00:00Z");
        try (LocalStore early = LocalStore.open(root, Bytes.LINES, Clock.fixed(start, ZoneOffset.UTC));
                LocalStore late =
                        LocalStore.open(root, Bytes.LINES, Clock.fixed(start.plusSeconds(61), ZoneOffset.UTC))) {
            Lease lease = early.namespace("default").leases().create(Duration.ofMinutes(1), Map.of("by", "test"));
            lease.add(Digest.sha256(new byte[] {1}));
            lease.add(Digest.sha256(new byte[] {1}));
            assertThat(early.namespace("default").leases().list()).containsExactly(lease.id());
            assertThat(early.namespace("other").leases().list()).isEmpty();
            assertThat(late.namespace("default").leases().list()).isEmpty();
            late.gc(Duration.ofDays(1));
            assertThatThrownBy(() -> lease.add(Digest.sha256(new byte[] {2}))).satisfies(kind(ErrorKind.PRECONDITION));
            lease.close();
            lease.close();
        }
    }

    @Test
    void aLeaseLivesForMoreThanNothingAndMayLiveForEver() {
        Namespace space = store.namespace("default");
        assertThatThrownBy(() -> space.leases().create(Duration.ZERO, Map.of())).satisfies(kind(ErrorKind.INVALID));
        Lease eternal = space.leases().create(Duration.ofSeconds(Long.MAX_VALUE), Map.of());
        assertThat(space.leases().list()).containsExactly(eternal.id());
        assertThat(space.leases().delete(eternal.id())).isTrue();
        assertThat(space.leases().delete(eternal.id())).isFalse();
    }

    @Test
    void malformedNamespaceNamesAreRefused() {
        for (String name : List.of("", "a b", "a/../b", ".a", "a-", "a..b", "a\n", "x".repeat(77))) {
            assertThatThrownBy(() -> store.namespace(name)).as(name).satisfies(kind(ErrorKind.INVALID));
        }
        assertThat(store.namespace("k8s.io").name()).isEqualTo("k8s.io");
        assertThat(store.namespaces()).containsExactly("default", "k8s.io");
    }

    @Test
    void twoStoresOfOneProcessShareARoot() {
        byte[] bytes = Bytes.random(7, 3000);
        Descriptor blob = Bytes.layer(bytes);
        try (Ingest ingest = Bytes.writing(content, blob)) {
            ingest.write(0, ByteBuffer.wrap(bytes));
            try (LocalStore second = Bytes.open(root)) {
                assertThat(second.namespace("default").content().info(blob.digest()))
                        .isEmpty();
            }
            ingest.commit();
        }
        try (LocalStore third = Bytes.open(root)) {
            assertThat(third.namespace("default").content().ingest(blob)).isInstanceOf(IngestResult.Present.class);
        }
    }
}
