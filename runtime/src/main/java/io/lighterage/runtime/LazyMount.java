package io.lighterage.runtime;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.MountRecord;
import io.lighterage.contentstore.MountRecords;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.remotesnapshotter.lazy.DemandListener;
import io.lighterage.remotesnapshotter.mount.MountedTree;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// An image that is mounted and served by this process, its bytes coming when they are read.
///
/// Closing it unmounts. While it is mounted, its report goes to the store's mount records now and then, so that it
/// can be asked for after the unmount, and after the process was killed.
public final class LazyMount implements AutoCloseable {
    /// What a killed process may lose of its report; a row of SQLite every ten seconds costs nothing.
    private static final Duration RECORDING = Duration.ofSeconds(10);

    private final OpenedImage image;
    private final MountedTree mounted;
    private final Instant startedAt;
    private final MountReport.Opening opening;
    private final MountRecords records;
    private final MountRecord record;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicBoolean closed = new AtomicBoolean();

    LazyMount(
            OpenedImage image,
            MountedTree mounted,
            Instant startedAt,
            MountReport.Opening opening,
            MountRecords records) {
        this.image = image;
        this.mounted = mounted;
        this.startedAt = startedAt;
        this.opening = opening;
        this.records = records;
        this.record = MountRecord.started(
                mounted.at().toString(), image.name(), ProcessHandle.current().pid(), startedAt);
        records.put(record.withReport(report().json()));
        records.prune(pid -> ProcessHandle.of(pid).isPresent());
        Thread.ofVirtual().name("mount-record-", 0).start(this::keepRecording);
    }

    /// The fully qualified name of the image.
    public String image() {
        return image.name();
    }

    /// What the reference stood for: an index or a manifest.
    public Descriptor target() {
        return image.target();
    }

    public ImageConfig config() {
        return image.config();
    }

    /// Where it is mounted.
    public Path at() {
        return mounted.at();
    }

    /// Tells `listener` what is read from now on.
    public void listen(DemandListener listener) {
        image.layers().listen(listener);
    }

    /// How the mount stands now.
    public MountReport report() {
        return new MountState(image, mounted.at(), mounted.way(), startedAt, opening).report();
    }

    private void keepRecording() {
        try {
            while (!ended.await(RECORDING.toMillis(), TimeUnit.MILLISECONDS)) {
                records.put(record.withReport(report().json()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Returns when it is unmounted, from here or from outside, and nobody uses it any more.
    ///
    /// @throws io.lighterage.contentstore.ImageException CANCELLED when this thread is interrupted
    public void awaitUnmounted() {
        mounted.awaitUnmounted();
    }

    /// Unmounts and lets go of the layers; what they have fetched stays for the next time.
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        ended.countDown();
        try (image) {
            mounted.close();
        } finally {
            records.put(record.withReport(report().json()).ended(Instant.now()));
        }
    }
}
