package io.lighterage.runtime;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.remotesnapshotter.fetch.FetchListener;
import io.lighterage.runtime.ProgressEvent.State;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// Counts one pull and turns its steps into progress events.
final class PullMeter implements FetchListener {
    private final ProgressListener progress;
    private final long begin = System.nanoTime();
    private final Map<Digest, AtomicLong> here = new ConcurrentHashMap<>();
    private final AtomicLong fetched = new AtomicLong();
    private final AtomicLong present = new AtomicLong();
    private volatile String name = "";
    private volatile long total;

    PullMeter(ProgressListener progress) {
        this.progress = progress;
    }

    void resolving(String image) {
        name = image;
        emit(image, State.RESOLVING, 0, 0);
    }

    void resolved(Resolution image) {
        total = image.manifest().children().stream().mapToLong(Descriptor::size).sum();
        emit(name, State.RESOLVED, 0, total);
    }

    @Override
    public void waiting(Descriptor blob) {
        emit(blob, State.WAITING, 0);
    }

    @Override
    public void present(Descriptor blob) {
        present.addAndGet(blob.size());
        emit(blob, State.EXISTS, blob.size());
    }

    @Override
    public void started(Descriptor blob, long resumed) {
        present.addAndGet(resumed);
        here.put(blob.digest(), new AtomicLong(resumed));
        emit(blob, State.DOWNLOADING, resumed);
    }

    @Override
    public void received(Descriptor blob, long bytes) {
        fetched.addAndGet(bytes);
        AtomicLong count = here.get(blob.digest());
        emit(blob, State.DOWNLOADING, count == null ? bytes : count.addAndGet(bytes));
    }

    @Override
    public void stored(Descriptor blob) {
        emit(blob, State.DOWNLOADED, blob.size());
    }

    PulledImage.Stats complete() {
        emit(name, State.COMPLETE, total, total);
        return new PulledImage.Stats(fetched.get(), present.get(), Duration.ofNanos(System.nanoTime() - begin));
    }

    private void emit(Descriptor blob, State state, long current) {
        emit(blob.digest().toString(), state, current, blob.size());
    }

    private void emit(String subject, State state, long current, long of) {
        progress.on(new ProgressEvent(Instant.now(), subject, state, current, of));
    }
}
