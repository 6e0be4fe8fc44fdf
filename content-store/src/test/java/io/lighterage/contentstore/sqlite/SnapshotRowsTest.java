package io.lighterage.contentstore.sqlite;

import static io.lighterage.contentstore.Failures.kind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.LabelUpdate;
import io.lighterage.contentstore.SnapshotCatalog;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotKind;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.contentstore.SnapshotUsage;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SnapshotRowsTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00.123456789Z");

    @TempDir
    Path directory;

    private final Hands now = new Hands();
    private Metadata metadata;
    private SnapshotCatalog catalog;

    @BeforeEach
    void open() {
        metadata = new Metadata(directory.resolve("metadata.db"), now, Runnable::run);
        catalog = metadata.snapshots();
    }

    @AfterEach
    void close() {
        metadata.close();
    }

    private static SnapshotKey key(String text) {
        return SnapshotKey.of(text);
    }

    private SnapshotRecord add(SnapshotKind kind, String key, String parent) {
        Optional<SnapshotKey> below = parent.isEmpty() ? Optional.empty() : Optional.of(key(parent));
        return catalog.create(catalog.reserve(1), kind, key(key), below, Map.of());
    }

    private SnapshotRecord committed(String name, String parent) {
        add(SnapshotKind.ACTIVE, "making " + name, parent);
        return commit(name, "making " + name, Optional.empty());
    }

    private SnapshotRecord commit(String name, String key, Optional<String> parent) {
        return catalog.commit(key(name), key(key), parent.map(SnapshotKey::of), Map.of());
    }

    @Test
    void aSnapshotIsFoundAsItWasCreatedAlsoByTheNextProcess() {
        SnapshotRecord base = committed("base", "");
        SnapshotRecord made = catalog.create(
                catalog.reserve(1),
                SnapshotKind.ACTIVE,
                key("testns/4/extract-1-zrvJ sha256:ab"),
                Optional.of(base.key()),
                Map.of("a.b/c", "é", "none", ""));
        assertThat(made.labels()).isEqualTo(Map.of("a.b/c", "é"));
        assertThat(made.created()).isEqualTo(NOON).isEqualTo(made.updated());
        assertThat(made.usage()).isEmpty();
        metadata.close();
        open();
        assertThat(catalog.get(made.key())).isEqualTo(made);
        assertThat(catalog.list()).containsExactly(base, made);
        assertThat(catalog.reserve(3)).isGreaterThan(made.id());
    }

    @Test
    void keysAreAnyBytes() {
        Set<SnapshotKey> keys = new HashSet<>();
        for (byte[] bytes : List.of(
                new byte[] {0}, new byte[] {0, 0}, new byte[] {(byte) 0xff, '/', 0, 'x'}, new byte[] {'\'', ';', '%'
                })) {
            SnapshotKey key = SnapshotKey.of(bytes);
            keys.add(key);
            catalog.create(catalog.reserve(1), SnapshotKind.ACTIVE, key, Optional.empty(), Map.of("n\0u", "v\0l"));
            assertThat(catalog.get(key).labels()).isEqualTo(Map.of("n\0u", "v\0l"));
        }
        assertThat(catalog.list()).extracting(SnapshotRecord::key).containsExactlyInAnyOrderElementsOf(keys);
        assertThatThrownBy(() -> key("")).satisfies(kind(ErrorKind.INVALID));
        assertThatThrownBy(() -> key("k".repeat(SnapshotKey.MAX_BYTES + 1))).satisfies(kind(ErrorKind.INVALID));
    }

    @Test
    void aParentMustBeThereAndCommitted() {
        add(SnapshotKind.ACTIVE, "active", "");
        add(SnapshotKind.VIEW, "view", "");
        assertThatThrownBy(() -> add(SnapshotKind.ACTIVE, "x", "nowhere")).satisfies(kind(ErrorKind.NOT_FOUND));
        assertThatThrownBy(() -> add(SnapshotKind.ACTIVE, "x", "active")).satisfies(kind(ErrorKind.INVALID));
        assertThatThrownBy(() -> add(SnapshotKind.VIEW, "x", "view")).satisfies(kind(ErrorKind.INVALID));
        assertThat(catalog.find(key("x"))).isEmpty();
    }

    @Test
    void noKeyIsUsedTwiceWhateverTheKind() {
        committed("c", "");
        add(SnapshotKind.ACTIVE, "a", "c");
        add(SnapshotKind.VIEW, "v", "c");
        for (String taken : List.of("a", "v", "c")) {
            assertThatThrownBy(() -> add(SnapshotKind.VIEW, taken, "")).satisfies(kind(ErrorKind.ALREADY_EXISTS));
            assertThatThrownBy(() -> commit(taken, "absent", Optional.empty()))
                    .satisfies(kind(ErrorKind.ALREADY_EXISTS));
        }
    }

    @Test
    void aCommitReplacesKeyLabelsAndTimes() {
        long id = add(SnapshotKind.ACTIVE, "a", "").id();
        catalog.update(key("a"), new LabelUpdate.Replace(Map.of("old", "1")));
        now.set(NOON.plusSeconds(1));
        SnapshotRecord done = catalog.commit(key("c"), key("a"), Optional.empty(), Map.of("new", "2"));
        assertThat(done)
                .isEqualTo(new SnapshotRecord(
                        id,
                        key("c"),
                        SnapshotKind.COMMITTED,
                        Optional.empty(),
                        Map.of("new", "2"),
                        now.instant(),
                        now.instant(),
                        Optional.empty()));
        assertThat(catalog.find(key("a"))).isEmpty();
        assertThatThrownBy(() -> commit("d", "a", Optional.empty())).satisfies(kind(ErrorKind.NOT_FOUND));
        add(SnapshotKind.VIEW, "v", "c");
        for (String wrong : List.of("c", "v")) {
            assertThatThrownBy(() -> commit("d", wrong, Optional.empty())).satisfies(kind(ErrorKind.PRECONDITION));
        }
    }

    @Test
    void aCommitMayNameTheParentOfWhatHasNone() {
        committed("base", "");
        committed("other", "");
        add(SnapshotKind.ACTIVE, "a", "");
        add(SnapshotKind.ACTIVE, "b", "base");
        assertThatThrownBy(() -> commit("x", "a", Optional.of("gone"))).satisfies(kind(ErrorKind.NOT_FOUND));
        assertThatThrownBy(() -> commit("x", "a", Optional.of("b"))).satisfies(kind(ErrorKind.PRECONDITION));
        assertThatThrownBy(() -> commit("x", "b", Optional.of("other"))).satisfies(kind(ErrorKind.INVALID));
        assertThat(commit("x", "a", Optional.of("base")).parent()).contains(key("base"));
        assertThat(commit("y", "b", Optional.of("base")).parent()).contains(key("base"));
    }

    @Test
    void whatOthersLieOnCannotBeRemoved() {
        committed("base", "");
        committed("middle", "base");
        add(SnapshotKind.VIEW, "v", "middle");
        for (String below : List.of("base", "middle")) {
            assertThatThrownBy(() -> catalog.remove(key(below)))
                    .satisfies(kind(ErrorKind.PRECONDITION))
                    .hasMessageContaining("remove");
        }
        for (String top : List.of("v", "middle", "base")) {
            assertThat(catalog.remove(key(top)).key()).isEqualTo(key(top));
        }
        assertThatThrownBy(() -> catalog.remove(key("base"))).satisfies(kind(ErrorKind.NOT_FOUND));
        assertThat(catalog.list()).isEmpty();
    }

    @Test
    void labelsAreReplacedOrPatched() {
        add(SnapshotKind.ACTIVE, "a", "");
        now.set(NOON.plusNanos(1));
        SnapshotRecord replaced =
                catalog.update(key("a"), new LabelUpdate.Replace(Map.of("x", "1", "y", "2", "z", "")));
        assertThat(replaced.labels()).isEqualTo(Map.of("x", "1", "y", "2"));
        assertThat(replaced.created()).isEqualTo(NOON);
        assertThat(replaced.updated()).isEqualTo(NOON.plusNanos(1));
        LabelUpdate patch = new LabelUpdate.Patch(Set.of("x", "y", "new"), Map.of("x", "", "new", "3", "other", "4"));
        assertThat(catalog.update(key("a"), patch).labels()).isEqualTo(Map.of("new", "3"));
        String most = "v".repeat(SnapshotCatalog.MAX_LABEL_BYTES - 1);
        LabelUpdate largest = new LabelUpdate.Replace(Map.of("k", most));
        assertThat(catalog.update(key("a"), largest).labels()).isEqualTo(Map.of("k", most));
        assertThatThrownBy(() -> catalog.update(key("a"), new LabelUpdate.Replace(Map.of("k", most + "v"))))
                .satisfies(kind(ErrorKind.INVALID));
        assertThatThrownBy(() -> catalog.update(key("b"), patch)).satisfies(kind(ErrorKind.NOT_FOUND));
    }

    @Test
    void aChainIsListedFromTheTop() {
        committed("0", "");
        for (int i = 1; i < 130; i++) {
            committed("" + i, "" + (i - 1));
        }
        List<SnapshotRecord> chain = catalog.chain(key("129"));
        assertThat(chain).hasSize(130);
        assertThat(chain.getFirst()).isEqualTo(catalog.get(key("129")));
        assertThat(chain.get(1).key()).isEqualTo(key("128"));
        assertThat(chain.getLast().key()).isEqualTo(key("0"));
        assertThat(catalog.chain(key("0"))).hasSize(1);
        assertThatThrownBy(() -> catalog.chain(key("none"))).satisfies(kind(ErrorKind.NOT_FOUND));
    }

    @Test
    void onlyACommittedSnapshotKeepsItsUsage() {
        SnapshotRecord active = add(SnapshotKind.ACTIVE, "a", "");
        catalog.measured(active.id(), new SnapshotUsage(1, 1));
        assertThat(catalog.get(key("a")).usage()).isEmpty();
        SnapshotRecord done = committed("c", "");
        catalog.measured(done.id(), new SnapshotUsage(4096, 2));
        assertThat(catalog.get(key("c")).usage()).contains(new SnapshotUsage(4096, 2));
        assertThat(add(SnapshotKind.COMMITTED, "elsewhere", "c").usage()).contains(SnapshotUsage.NONE);
    }

    @Test
    void ofManyWhoWantOneKeyOneGetsIt() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<Boolean> attempt = () -> {
                try {
                    return add(SnapshotKind.ACTIVE, "wanted", "").id() > 0;
                } catch (RuntimeException e) {
                    return false;
                }
            };
            int winners = 0;
            for (var result : threads.invokeAll(Collections.nCopies(50, attempt))) {
                winners += result.get() ? 1 : 0;
            }
            assertThat(winners).isOne();
            assertThat(catalog.list()).hasSize(1);
        }
    }

    /// A clock that shows what it is told.
    private static final class Hands extends Clock {
        private volatile Instant time = NOON;

        private void set(Instant shown) {
            time = shown;
        }

        @Override
        public Instant instant() {
            return time;
        }

        @Override
        public ZoneOffset getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
