package io.lighterage.contentstore.sqlite;

import static io.lighterage.contentstore.Failures.kind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.MountRecord;
import io.lighterage.contentstore.MountRecords;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteConfig;

final class MountRowsTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00.123456Z");

    @TempDir
    Path directory;

    private Metadata metadata;
    private MountRecords mounts;

    @BeforeEach
    void open() {
        metadata = new Metadata(directory.resolve("metadata.db"), Clock.systemUTC(), Runnable::run);
        mounts = metadata.mounts();
    }

    @AfterEach
    void close() {
        metadata.close();
    }

    private static MountRecord mount(int number) {
        return MountRecord.started("/m/" + number, "image", number, NOON.plus(Duration.ofMinutes(number)));
    }

    @Test
    void aMountIsFoundByItsDirectory() {
        MountRecord record = mount(1);
        mounts.put(record);
        assertThat(mounts.get("/m/1")).contains(record);
        assertThat(mounts.get("/m/2")).isEmpty();
        MountRecord ended = record.withReport("{\"é\":1}").ended(NOON.plusSeconds(90));
        mounts.put(ended);
        assertThat(mounts.list()).containsExactly(ended);
    }

    @Test
    void recordsOutliveTheProcess() {
        mounts.put(mount(1));
        metadata.close();
        open();
        assertThat(mounts.list()).containsExactly(mount(1));
    }

    @Test
    void theLatestStartComesFirst() {
        mounts.put(mount(2));
        mounts.put(mount(3));
        mounts.put(mount(1));
        assertThat(mounts.list()).containsExactly(mount(3), mount(2), mount(1));
    }

    @Test
    void theOldestThatHaveEndedAreForgotten() {
        mounts.put(mount(0));
        for (int i = 1; i < MountRecords.KEPT + 10; i++) {
            mounts.put(mount(i).ended(NOON));
        }
        assertThat(mounts.list()).hasSize(MountRecords.KEPT).last().isEqualTo(mount(0));
        assertThat(mounts.get("/m/10")).isEmpty();
        assertThat(mounts.get("/m/11")).isPresent();
    }

    @Test
    void whatADeadProcessHadMountedIsForgottenToo() {
        for (int i = 0; i < MountRecords.KEPT + 10; i++) {
            mounts.put(mount(i));
        }
        assertThat(mounts.list()).hasSize(MountRecords.KEPT + 10);
        assertThat(mounts.prune(pid -> pid != 3 && pid != 5)).isEqualTo(2);
        assertThat(mounts.get("/m/3")).isEmpty();
        assertThat(mounts.prune(pid -> false)).isEqualTo(8);
        assertThat(mounts.prune(pid -> false)).isZero();
    }

    @Test
    void aReportBeyondTheLimitIsRefused() {
        MountRecord record = mount(1);
        String most = "é".repeat(MountRecord.MAX_REPORT_BYTES / 2);
        mounts.put(record.withReport(most));
        assertThat(mounts.get("/m/1").orElseThrow().report()).isEqualTo(most);
        assertThatThrownBy(() -> record.withReport(most + "x")).satisfies(kind(ErrorKind.INVALID));
        assertThatThrownBy(() -> new MountRecord("relative", "", 1, NOON, Optional.empty(), ""))
                .satisfies(kind(ErrorKind.INVALID));
    }

    @Test
    void aDatabaseOfTheFirstVersionLearnsOfMounts() throws SQLException {
        metadata.createNamespace("kept");
        metadata.close();
        try (Connection connection =
                new SQLiteConfig().createConnection("jdbc:sqlite:" + directory.resolve("metadata.db"))) {
            for (String table : List.of("mounts", "snapshot_labels", "snapshots", "snapshot_ids")) {
                Database.execute(connection, "DROP TABLE " + table);
            }
            Database.execute(connection, "PRAGMA user_version = 1");
        }
        open();
        mounts.put(mount(1));
        assertThat(mounts.list()).containsExactly(mount(1));
        assertThat(metadata.namespaces()).containsExactly("kept");
    }
}
