package io.lighterage.remotesnapshotter.mount;

import io.lighterage.linux.Errno;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import jnr.ffi.Pointer;

/// Threads that take requests from `/dev/fuse` and answer them: libfuse's own loop for many threads, in threads of the
/// JVM.
///
/// A thread that has taken a request makes sure that another one waits for the next, up to a limit; so requests that
/// wait for the network do not hold up the others. The last thread to leave tears the connection down. Threads are
/// platform threads: they block in `read(2)`.
final class FuseWorkers {
    private static final System.Logger LOG = System.getLogger(FuseWorkers.class.getName());

    /// Threads that may wait for work; more leave. As in libfuse.
    private static final int MAX_IDLE = 8;

    private final FuseLibrary library;
    private final long session;
    private final long channel;
    private final int maxWorkers;
    private final Runnable teardown;
    private final int bufferBytes;
    private final CountDownLatch ended = new CountDownLatch(1);

    private final ReentrantLock lock = new ReentrantLock();
    private int workers;
    private int idle;
    private int started;

    /// @param teardown run once, by the last worker
    FuseWorkers(FuseLibrary library, long session, long channel, int maxWorkers, Runnable teardown) {
        this.library = library;
        this.session = session;
        this.channel = channel;
        this.maxWorkers = maxWorkers;
        this.teardown = teardown;
        bufferBytes = Math.toIntExact(library.functions().fuse_chan_bufsize(channel));
    }

    void start() {
        lock.lock();
        try {
            add();
        } finally {
            lock.unlock();
        }
    }

    private void add() {
        workers++;
        idle++;
        Thread.ofPlatform().daemon().name("lighter-fuse-" + ++started).start(this::work);
    }

    /// Zero when the file system is unmounted and everything is torn down.
    CountDownLatch ended() {
        return ended;
    }

    private void work() {
        try {
            Pointer memory = library.allocate(bufferBytes);
            Pointer buffer = library.allocate(FuseLayouts.BUFFER_BYTES);
            Pointer from = library.allocate(Long.BYTES);
            while (library.functions().fuse_session_exited(session) == 0) {
                buffer.putLong(0, bufferBytes);
                buffer.putLong(Long.BYTES, 0);
                buffer.putPointer(FuseLayouts.BUFFER_MEMORY, memory);
                buffer.putLong(FuseLayouts.BUFFER_DESCRIPTOR, 0);
                buffer.putLong(FuseLayouts.BUFFER_POSITION, 0);
                from.putLong(0, channel);
                int received = library.functions().fuse_session_receive_buf(session, buffer, from);
                if (received == -Errno.EINTR || received == -Errno.EAGAIN) {
                    continue;
                }
                if (received <= 0) {
                    break;
                }
                busy();
                library.functions().fuse_session_process_buf(session, buffer, from.getLong(0));
                if (!idleAgain()) {
                    break;
                }
            }
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a thread that serves a mount failed: " + e, e);
        } finally {
            leave();
        }
    }

    private void busy() {
        lock.lock();
        try {
            idle--;
            if (idle == 0 && workers < maxWorkers) {
                add();
            }
        } finally {
            lock.unlock();
        }
    }

    /// @return false when this worker is not needed any more
    private boolean idleAgain() {
        lock.lock();
        try {
            idle++;
            return idle <= MAX_IDLE;
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        boolean last;
        lock.lock();
        try {
            idle--;
            workers--;
            last = workers == 0;
        } finally {
            lock.unlock();
        }
        if (last) {
            try {
                teardown.run();
            } catch (RuntimeException | Error e) {
                LOG.log(System.Logger.Level.ERROR, "tearing a mount down failed: " + e, e);
            } finally {
                ended.countDown();
            }
        }
    }
}
