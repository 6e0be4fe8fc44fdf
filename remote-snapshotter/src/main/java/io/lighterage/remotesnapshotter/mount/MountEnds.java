package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/// Tells when mounts are gone that no process serves: unmounted by whomever, and let go of by the last who used
/// them.
///
/// The kernel keeps no file system alive for an inotify watch, and ends the watch when the file system ends. All
/// mounts share one inotify descriptor, since a user has 128; it is there while there are mounts.
final class MountEnds {
    private static final System.Logger LOG = System.getLogger(MountEnds.class.getName());

    private final Map<WatchKey, CountDownLatch> watched = new HashMap<>();
    private @Nullable WatchService service;

    /// @param root of something that was mounted just now
    /// @return zero when it is gone
    synchronized CountDownLatch watch(Path root) {
        try {
            WatchService watching = service;
            if (watching == null) {
                watching = root.getFileSystem().newWatchService();
                service = watching;
                WatchService mine = watching;
                Thread.ofVirtual().name("mount-ends").start(() -> run(mine));
            }
            CountDownLatch ended = new CountDownLatch(1);
            watched.put(root.register(watching, StandardWatchEventKinds.ENTRY_CREATE), ended);
            return ended;
        } catch (IOException e) {
            closeIfIdle();
            throw new ImageException(
                    ErrorKind.EXHAUSTED,
                    "cannot watch the mount on " + root + ": " + e + "; the limits are fs.inotify.max_user_instances"
                            + " and fs.inotify.max_user_watches (sysctl)",
                    e);
        }
    }

    private void run(WatchService watching) {
        try {
            while (true) {
                WatchKey key = watching.take();
                if (!key.reset()) {
                    ended(key);
                }
            }
        } catch (ClosedWatchServiceException e) {
            LOG.log(System.Logger.Level.TRACE, "no mount is left");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void ended(WatchKey key) {
        CountDownLatch ended = watched.remove(key);
        closeIfIdle();
        if (ended != null) {
            ended.countDown();
        }
    }

    private void closeIfIdle() {
        WatchService watching = service;
        if (watching != null && watched.isEmpty()) {
            service = null;
            try {
                watching.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "cannot stop watching mounts: " + e);
            }
        }
    }
}
