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

/// Turns the steps of a conversion into progress events.
final class ConvertMeter implements FetchListener {
    private final ProgressListener progress;
    private final long begin = System.nanoTime();
    private final Map<Digest, AtomicLong> fetched = new ConcurrentHashMap<>();

    ConvertMeter(ProgressListener progress) {
        this.progress = progress;
    }

    void image(String name, State state, long total) {
        progress.on(new ProgressEvent(Instant.now(), name, state, 0, total));
    }

    @Override
    public void waiting(Descriptor blob) {
        emit(blob, State.WAITING, 0);
    }

    @Override
    public void present(Descriptor blob) {
        emit(blob, State.EXISTS, blob.size());
    }

    @Override
    public void started(Descriptor blob, long resumed) {
        fetched.put(blob.digest(), new AtomicLong(resumed));
        emit(blob, State.DOWNLOADING, resumed);
    }

    @Override
    public void received(Descriptor blob, long bytes) {
        AtomicLong count = fetched.get(blob.digest());
        emit(blob, State.DOWNLOADING, count == null ? bytes : count.addAndGet(bytes));
    }

    @Override
    public void stored(Descriptor blob) {
        emit(blob, State.DOWNLOADED, blob.size());
    }

    void converting(Descriptor blob, long uncompressed) {
        emit(blob, State.CONVERTING, uncompressed);
    }

    void converted(Descriptor blob, long uncompressed) {
        emit(blob, State.CONVERTED, uncompressed);
    }

    Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    private void emit(Descriptor blob, State state, long current) {
        progress.on(new ProgressEvent(Instant.now(), blob.digest().toString(), state, current, blob.size()));
    }
}
