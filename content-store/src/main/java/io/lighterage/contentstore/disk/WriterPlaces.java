package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One exclusive place per digest, across all threads and processes that share a root.
///
/// A place is a record lock on one byte of one lock file; which byte, the digest says. The file is never deleted,
/// so there is no moment at which two processes lock two different files of one name, and nothing is left behind by
/// a killed process. Two digests on one byte (60 bits are used) would merely wait for each other.
///
/// The kernel gives record locks to the *process* and drops all of them as soon as the process closes any
/// descriptor of the file. So the file is opened once per process, whatever the number of stores on it, and that is
/// why the table of open lock files is the one static table of this module.
final class WriterPlaces implements AutoCloseable {
    private static final Map<Object, LockFile> OPEN_IN_THIS_PROCESS = new HashMap<>();
    private static final long LONGEST_PAUSE_MILLIS = 50;

    private final LockFile file;
    private final Pause pause;
    private boolean closed;

    private WriterPlaces(LockFile file, Pause pause) {
        this.file = file;
        this.pause = pause;
    }

    static WriterPlaces open(Path path, Pause pause) throws IOException {
        synchronized (OPEN_IN_THIS_PROCESS) {
            try {
                Files.createFile(path, Layout.PRIVATE_FILE);
            } catch (FileAlreadyExistsException e) {
                // made by an earlier store
            }
            Object key = Objects.requireNonNull(
                    Files.readAttributes(path, BasicFileAttributes.class).fileKey(), "this file system has no inodes");
            LockFile file = OPEN_IN_THIS_PROCESS.get(key);
            if (file == null) {
                file = new LockFile(key, FileChannel.open(path, StandardOpenOption.WRITE));
                OPEN_IN_THIS_PROCESS.put(key, file);
            }
            file.users++;
            return new WriterPlaces(file, pause);
        }
    }

    /// Waits for the place of a digest.
    ///
    /// @throws ImageException CANCELLED when interrupted
    Place acquire(Digest digest) {
        return acquire(regionOf(digest), "the writer's place of " + digest);
    }

    /// The place of a digest, or empty when somebody has it.
    Optional<Place> tryAcquire(Digest digest) {
        long region = regionOf(digest);
        if (!file.tryClaim(region)) {
            return Optional.empty();
        }
        FileLock lock = null;
        try {
            lock = tryLock(region);
        } finally {
            if (lock == null) {
                file.unclaim(region);
            }
        }
        return lock == null ? Optional.empty() : Optional.of(new Place(region, lock));
    }

    /// Waits for the place of those who open or change the database file itself.
    Place acquireForMetadata() {
        return acquire(Long.MAX_VALUE - 1, "the metadata's place");
    }

    private Place acquire(long region, String what) {
        FileLock lock = null;
        try {
            file.claim(region);
            try {
                long wait = 1;
                while ((lock = tryLock(region)) == null) {
                    pause.millis(wait);
                    wait = Math.min(wait * 2, LONGEST_PAUSE_MILLIS);
                }
                return new Place(region, lock);
            } finally {
                if (lock == null) {
                    file.unclaim(region);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for " + what, e);
        }
    }

    /// `tryLock` and never `lock`: the latter closes the channel, and with it every lock, when interrupted.
    private @Nullable FileLock tryLock(long region) {
        try {
            return file.channel.tryLock(region, 1, false);
        } catch (OverlappingFileLockException e) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot lock the store: another class loader of this process has it open; load the library once",
                    e);
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.INTERNAL, "cannot lock the store: " + e.getMessage() + "; are locks supported there?", e);
        }
    }

    private static long regionOf(Digest digest) {
        return Long.parseLong(digest.hex(), 0, 15, 16);
    }

    /// Places already given stay valid until they are closed.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            file.letGo();
        }
    }

    /// The right to write, adopt or delete the blob of one digest.
    final class Place implements AutoCloseable {
        private final long region;
        private @Nullable FileLock lock;

        private Place(long region, FileLock lock) {
            this.region = region;
            this.lock = lock;
            file.join();
        }

        @Override
        public synchronized void close() {
            FileLock held = lock;
            if (held == null) {
                return;
            }
            lock = null;
            try {
                held.release();
            } catch (IOException e) {
                throw new ImageException(ErrorKind.INTERNAL, "cannot unlock the store: " + e.getMessage(), e);
            } finally {
                file.unclaim(region);
                file.letGo();
            }
        }
    }

    /// The one open lock file of this process at one root, and the regions its threads have claimed.
    private static final class LockFile {
        private final Object key;
        private final FileChannel channel;
        private final ReentrantLock guard = new ReentrantLock();
        private final Condition freed = guard.newCondition();
        private final Set<Long> claimed = new HashSet<>();
        private int users;

        private LockFile(Object key, FileChannel channel) {
            this.key = key;
            this.channel = channel;
        }

        private void join() {
            synchronized (OPEN_IN_THIS_PROCESS) {
                users++;
            }
        }

        private void letGo() {
            synchronized (OPEN_IN_THIS_PROCESS) {
                users--;
                if (users > 0) {
                    return;
                }
                OPEN_IN_THIS_PROCESS.remove(key);
                try {
                    channel.close();
                } catch (IOException e) {
                    throw new ImageException(ErrorKind.INTERNAL, "cannot close the lock file: " + e.getMessage(), e);
                }
            }
        }

        private void claim(long region) throws InterruptedException {
            guard.lockInterruptibly();
            try {
                while (!claimed.add(region)) {
                    freed.await();
                }
            } finally {
                guard.unlock();
            }
        }

        private boolean tryClaim(long region) {
            guard.lock();
            try {
                return claimed.add(region);
            } finally {
                guard.unlock();
            }
        }

        private void unclaim(long region) {
            guard.lock();
            try {
                claimed.remove(region);
                freed.signalAll();
            } finally {
                guard.unlock();
            }
        }
    }
}
