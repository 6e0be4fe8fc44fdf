package io.lighterage.contentstore.sqlite;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteJDBCLoader;

/// One SQLite file in WAL mode: one connection that writes, one that reads, each used by one thread at a time.
///
/// A read sees what was committed when it began. A write begins with the write lock of the whole file, across all
/// processes, and is durable when it returns. Opened when first used.
final class Database implements AutoCloseable {
    private final Path file;
    private final Consumer<Runnable> opening;
    private final int busyMillis;
    private final ReentrantLock writing = new ReentrantLock();
    private final ReentrantLock reading = new ReentrantLock();
    private @Nullable Connection writer;
    private @Nullable Connection reader;
    private volatile boolean closed;

    /// Something to do in a transaction.
    @FunctionalInterface
    interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    /// @param opening runs the given task while no other process opens or migrates the same file
    /// @param busyMillis how long to wait for another process's transaction
    Database(Path file, Consumer<Runnable> opening, int busyMillis) {
        this.file = file;
        this.busyMillis = busyMillis;
        this.opening = opening;
    }

    /// Loads and initializes what the first connection of a process needs, on a database in memory.
    static void prepare() {
        try (Database memory = new Database(Path.of(":memory:"), Runnable::run, 0)) {
            boolean ready = memory.write("prepare", connection -> true);
            assert ready;
        }
    }

    /// @param what completes "cannot …" in error messages
    <T> T read(String what, Work<T> work) {
        reading.lock();
        try {
            Connection connection = reader;
            if (connection == null) {
                connection = connect();
                reader = connection;
            }
            return inTransaction("BEGIN", connection, work);
        } catch (SQLException e) {
            throw SqlErrors.of(what, file, e);
        } finally {
            reading.unlock();
        }
    }

    <T> T write(String what, Work<T> work) {
        writing.lock();
        try {
            Connection connection = writer;
            if (connection == null) {
                connection = connect();
                writer = connection;
            }
            return inTransaction("BEGIN IMMEDIATE", connection, work);
        } catch (SQLException e) {
            throw SqlErrors.of(what, file, e);
        } finally {
            writing.unlock();
        }
    }

    private static <T> T inTransaction(String begin, Connection connection, Work<T> work) throws SQLException {
        execute(connection, begin);
        boolean done = false;
        try {
            T result = work.run(connection);
            execute(connection, "COMMIT");
            done = true;
            return result;
        } finally {
            if (!done) {
                rollBack(connection);
            }
        }
    }

    private static void rollBack(Connection connection) {
        try {
            execute(connection, "ROLLBACK");
        } catch (SQLException e) {
            // SQLite has rolled back by itself (a full disk does that); the first failure is the one to report.
            System.getLogger(Database.class.getName()).log(System.Logger.Level.DEBUG, "rollback", e);
        }
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private Connection connect() throws SQLException {
        if (closed) {
            throw new ImageException(ErrorKind.PRECONDITION, "cannot use " + file + ": the store is closed");
        }
        loadDriver();
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(busyMillis);
        Connection connection = config.createConnection("jdbc:sqlite:" + file);
        try {
            SQLException[] failure = new SQLException[1];
            opening.accept(() -> {
                try {
                    prepare(connection);
                } catch (SQLException e) {
                    failure[0] = e;
                }
            });
            if (failure[0] != null) {
                throw failure[0];
            }
            return connection;
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private void prepare(Connection connection) throws SQLException {
        execute(connection, "PRAGMA journal_mode = WAL");
        execute(connection, "PRAGMA synchronous = FULL");
        execute(connection, "PRAGMA foreign_keys = ON");
        Schema.migrate(connection, file);
    }

    /// The driver unpacks its native library to the temporary directory; where programs may not be run from there,
    /// it is unpacked beside the database instead.
    private void loadDriver() throws SQLException {
        try {
            SQLiteJDBCLoader.initialize();
        } catch (Exception first) {
            System.setProperty("org.sqlite.tmpdir", String.valueOf(file.getParent()));
            try {
                SQLiteJDBCLoader.initialize();
            } catch (Exception second) {
                second.addSuppressed(first);
                throw new SQLException("cannot load SQLite's native library: " + second.getMessage(), second);
            }
        }
    }

    /// Waits for what is under way.
    @Override
    public void close() {
        closed = true;
        reading.lock();
        try {
            closeOne(reader);
            reader = null;
        } finally {
            reading.unlock();
        }
        writing.lock();
        try {
            closeOne(writer);
            writer = null;
        } finally {
            writing.unlock();
        }
    }

    private void closeOne(@Nullable Connection connection) {
        if (connection != null) {
            try {
                connection.close();
            } catch (SQLException e) {
                throw SqlErrors.of("close the metadata", file, e);
            }
        }
    }
}
