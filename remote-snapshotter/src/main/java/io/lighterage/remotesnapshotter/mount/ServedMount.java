package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.linux.ProcessEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A tree that is mounted, by whatever file system; who serves it says when nothing is served any more.
final class ServedMount implements MountedTree {
    private static final System.Logger LOG = System.getLogger(ServedMount.class.getName());

    /// How long the threads get to see that the file system is gone; it takes them milliseconds.
    private static final long END_SECONDS = 5;

    private final Path directory;
    private final String way;
    private final Optional<Path> device;
    private final Unmounter unmounter;
    private final CountDownLatch ended;
    private final AutoCloseable reads;
    private final Thread onExit;
    private boolean closed;

    /// @param way see [#way]
    /// @param device where this process may tell the kernel how far to read ahead: a folder of `/sys/class/bdi`
    /// @param ended zero when nothing is served any more
    /// @param reads closed to end reads that wait
    ServedMount(
            Path directory,
            String way,
            Optional<Path> device,
            Unmounter unmounter,
            CountDownLatch ended,
            AutoCloseable reads) {
        this.directory = directory;
        this.way = way;
        this.device = device;
        this.unmounter = unmounter;
        this.ended = ended;
        this.reads = reads;
        onExit = new Thread(this::unmountOnExit, "lighter-unmount");
    }

    /// A process that is told to stop takes its mounts along; one that is killed leaves them dead.
    void unmountOnExitOfProcess() {
        ProcessEnd.before(onExit);
    }

    @Override
    public Path at() {
        return directory;
    }

    @Override
    public String way() {
        return way;
    }

    @Override
    public void awaitUnmounted() {
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(
                    ErrorKind.CANCELLED, "waiting for " + directory + " to be unmounted was interrupted", e);
        }
    }

    @Override
    public boolean served() {
        return ended.getCount() > 0;
    }

    @Override
    public void release(Runnable then) {
        synchronized (this) {
            if (!closed && served()) {
                check(unmounter.detach(directory));
            }
            closed = true; // what is left is out of reach of a second unmount
        }
        Thread.ofVirtual().name("release-", 0).start(() -> {
            try {
                ended.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // nobody does that to this thread
            }
            ImageException failure = closeReads();
            if (failure != null) {
                LOG.log(System.Logger.Level.WARNING, failure.getMessage());
            }
            ProcessEnd.forget(onExit);
            then.run();
        });
    }

    private void unmountOnExit() {
        try {
            unmount();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, e.getMessage());
        }
    }

    @Override
    public void close() {
        unmount();
        ProcessEnd.forget(onExit);
    }

    @Override
    public void readAhead(int bytes) {
        if (device.isEmpty() || bytes == 0 || ended.getCount() == 0) {
            return;
        }
        try {
            Files.writeString(device.get().resolve("read_ahead_kb"), Integer.toString(bytes >> 10));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "the read-ahead of " + directory + " stays as it is: " + e);
        }
    }

    private synchronized void unmount() {
        if (closed) {
            return;
        }
        boolean gone = ended.getCount() == 0 || detach();
        closed = true;
        ImageException failure = closeReads();
        if (gone) {
            awaitEnd();
        }
        if (failure != null) {
            throw failure;
        }
    }

    /// @return false when somebody still uses it, so that its threads go on
    private boolean detach() {
        int result = unmounter.unmount(directory);
        if (result == -Errno.EBUSY) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    directory + " is in use, so it was detached: it is gone from there, and processes that still use it"
                            + " get errors for what they have not read yet");
            result = unmounter.detach(directory);
            check(result);
            return false;
        }
        check(result);
        return true;
    }

    private void check(int result) {
        // EINVAL, ENOENT: somebody was quicker.
        if (result < 0 && result != -Errno.EINVAL && result != -Errno.ENOENT) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot unmount " + directory + ": " + Errno.name(result) + "; try `umount -l " + directory + "`");
        }
    }

    private @Nullable ImageException closeReads() {
        try {
            reads.close();
            return null;
        } catch (Exception e) {
            return new ImageException(ErrorKind.INTERNAL, "cannot end the reads of " + directory + ": " + e, e);
        }
    }

    private void awaitEnd() {
        try {
            if (!ended.await(END_SECONDS, TimeUnit.SECONDS)) {
                LOG.log(System.Logger.Level.DEBUG, () -> directory + " is unmounted, but something still uses it");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
