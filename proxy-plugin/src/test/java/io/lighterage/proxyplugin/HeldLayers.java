package io.lighterage.proxyplugin;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.remotesnapshotter.snapshots.LayerSource;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/// A source that lets nobody go who asks for a layer or looks at one, until it is told to. It has those whose target
/// begins with `here`, and takes them without delay.
final class HeldLayers implements LayerSource {
    /// One permit for each who came.
    private final Semaphore came = new Semaphore(0);

    private volatile CountDownLatch gate = new CountDownLatch(1);

    /// Returns when so many more wait.
    void awaitWaiting(int calls) throws InterruptedException {
        came.acquire(calls);
    }

    /// Lets all go who wait, and none who come later.
    void release() {
        CountDownLatch open = gate;
        gate = new CountDownLatch(1);
        open.countDown();
    }

    private void pass() {
        CountDownLatch closed = gate;
        came.release();
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted", e);
        }
    }

    @Override
    public Answer take(Request request) {
        if (request.target().startsWith("here")) {
            return new Answer.Ready(Map.of(), false);
        }
        pass();
        return new Answer.NotHere("held");
    }

    @Override
    public boolean isSame(SnapshotRecord taken, Map<String, String> labels) {
        return true;
    }

    @Override
    public void expect(SnapshotRecord layer, Path fs) {}

    @Override
    public void check(SnapshotRecord layer, Path fs) {
        pass();
    }

    @Override
    public void release(Path fs) {}

    @Override
    public boolean keepOnly(Collection<SnapshotRecord> layers) {
        return true;
    }

    @Override
    public void close() {}
}
