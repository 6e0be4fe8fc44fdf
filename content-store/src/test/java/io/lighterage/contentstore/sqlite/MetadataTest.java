package io.lighterage.contentstore.sqlite;

import static io.lighterage.contentstore.Failures.kind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteConfig;

final class MetadataTest {
    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve("metadata.db");
    }

    private Metadata open(int busyMillis) {
        return new Metadata(file(), Clock.systemUTC(), Runnable::run, busyMillis);
    }

    @Test
    void nothingIsOpenedBeforeTheFirstQuestion() {
        try (Metadata metadata = open(1000)) {
            assertThat(file()).doesNotExist();
            assertThat(metadata.namespaces()).isEmpty();
            assertThat(file()).exists();
        }
    }

    @Test
    void aDatabaseOfANewerProgramIsRefusedWithBothVersions() throws SQLException {
        try (Metadata metadata = open(1000)) {
            metadata.createNamespace("default");
        }
        sql("PRAGMA user_version = 7");
        try (Metadata metadata = open(1000)) {
            assertThatThrownBy(metadata::namespaces)
                    .satisfies(kind(ErrorKind.UNSUPPORTED))
                    .hasMessageContaining("version 7")
                    .hasMessageContaining("knows up to 3")
                    .hasMessageContaining(file().toString());
        }
    }

    @Test
    void aFileThatIsNoDatabaseIsCorruptWithARemedy() throws IOException {
        Files.writeString(file(), "this is no database, but it is longer than a header ".repeat(100));
        try (Metadata metadata = open(1000)) {
            assertThatThrownBy(metadata::namespaces)
                    .satisfies(kind(ErrorKind.CORRUPT))
                    .hasMessageContaining("move " + file());
        }
    }

    @Test
    void aDamagedPageIsCorruptWithARemedy() throws IOException {
        try (Metadata metadata = open(1000)) {
            metadata.createNamespace("default");
        }
        byte[] bytes = Files.readAllBytes(file());
        byte[] noise = "damaged!".repeat(bytes.length / 8).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, noise, 0, 100);
        Files.write(file(), noise, StandardOpenOption.TRUNCATE_EXISTING);
        try (Metadata metadata = open(1000)) {
            assertThatThrownBy(metadata::namespaces)
                    .satisfies(kind(ErrorKind.CORRUPT))
                    .hasMessageContaining("move " + file());
        }
    }

    @Test
    void aDatabaseLockedForTooLongIsUnavailable() throws SQLException {
        try (Metadata metadata = open(20);
                Connection other = new SQLiteConfig().createConnection("jdbc:sqlite:" + file())) {
            metadata.createNamespace("default");
            Database.execute(other, "BEGIN IMMEDIATE");
            assertThatThrownBy(() -> metadata.createNamespace("other"))
                    .satisfies(kind(ErrorKind.UNAVAILABLE))
                    .hasMessageContaining("another process");
            assertThat(metadata.namespaces()).containsExactly("default");
            Database.execute(other, "ROLLBACK");
            metadata.createNamespace("other");
            assertThat(metadata.namespaces()).containsExactly("default", "other");
        }
    }

    @Test
    void aFailedTransactionLeavesNothing() {
        try (Metadata metadata = open(1000)) {
            metadata.createNamespace("default");
            assertThatThrownBy(() -> metadata.collection().deleteUnmarked(views -> {
                        throw new IllegalStateException("mark failed");
                    }))
                    .isInstanceOf(IllegalStateException.class);
            metadata.createNamespace("other");
            assertThat(metadata.leases("other")
                            .create(java.time.Duration.ofHours(1), Map.of())
                            .id())
                    .isNotEmpty();
        }
    }

    @Test
    void aClosedDatabaseIsNotOpenedAgain() {
        Metadata metadata = open(1000);
        metadata.createNamespace("default");
        metadata.close();
        metadata.close();
        assertThatThrownBy(metadata::namespaces).satisfies(kind(ErrorKind.PRECONDITION));
    }

    @Test
    void everyCommitIsDurable() throws SQLException {
        try (Metadata metadata = open(1000)) {
            metadata.createNamespace("default");
            assertThat(metadata.pragma("journal_mode")).isEqualTo("wal");
            assertThat(metadata.pragma("synchronous")).isEqualTo("2");
            assertThat(metadata.pragma("foreign_keys")).isEqualTo("1");
        }
    }

    private void sql(String statement) throws SQLException {
        try (Connection connection = new SQLiteConfig().createConnection("jdbc:sqlite:" + file())) {
            Database.execute(connection, statement);
        }
    }
}
