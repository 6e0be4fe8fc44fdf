package io.lighterage.runtime.remote;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.Reference;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.OpenedImage;
import io.lighterage.runtime.ProgressListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/// Images whose layers are being asked for, one after the other: opened once, by the first, and kept open until they
/// are here whole and nobody has asked for a while.
final class TakenImages implements AutoCloseable {
    /// Who was asked for so lately may be about to get its snapshot.
    private static final Duration FRESH = Duration.ofSeconds(3);

    private final ImageRuntime runtime;
    private final RemoteOptions options;
    private final Runnable failed;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Key, Entry> entries = new HashMap<>();
    private boolean closed;

    /// @param failed run when an image could not be opened
    TakenImages(ImageRuntime runtime, RemoteOptions options, Runnable failed) {
        this.runtime = runtime;
        this.options = options;
        this.failed = failed;
    }

    /// @param name the image by its digest, under which it is recorded
    /// @param chain the chain ids of its layers
    record Taken(String name, OpenedImage image, List<Digest> chain) {}

    private record Key(String reference, Optional<Digest> manifest) {}

    private static final class Entry {
        private final Pending<Taken> opening;
        private volatile long used = System.nanoTime();
        private volatile boolean complete;

        private Entry(Pending<Taken> opening) {
            this.opening = opening;
        }

        private boolean unusedFor(Duration time) {
            return System.nanoTime() - used > time.toNanos();
        }
    }

    /// The image, opened, once for all its layers.
    ///
    /// @throws ImageException why it cannot be opened, INVALID for a reference that is none
    Taken get(LayerSigns signs) {
        return entry(new Key(signs.reference(), signs.manifest())).opening.await(options.patience());
    }

    private Entry entry(Key key) {
        lock.lock();
        try {
            if (closed) {
                throw new ImageException(ErrorKind.UNAVAILABLE, "this snapshotter is being stopped");
            }
            Entry known = entries.get(key);
            boolean again = known != null
                    && known.opening.failed()
                    && known.opening.age() > options.failed().toNanos();
            if (known == null || again) {
                known = new Entry(new Pending<>("opening " + key.reference(), () -> open(key)));
                entries.put(key, known);
                watch(key, known);
            }
            known.used = System.nanoTime();
            return known;
        } finally {
            lock.unlock();
        }
    }

    private Taken open(Key key) {
        Reference named = Reference.parse(key.reference());
        Optional<Digest> digest = key.manifest().or(named::digest);
        String wanted = digest.map(known -> named.path() + "@" + known).orElse(named.name());
        OpenedImage image;
        try {
            image = runtime.open(wanted, Optional.empty(), options.lazy(), digest.isEmpty(), ProgressListener.NONE);
        } catch (RuntimeException e) {
            failed.run();
            throw e;
        }
        try {
            String name = named.path() + "@" + image.manifest().digest();
            runtime.record(name, image.manifest());
            if (!wanted.equals(name)) {
                runtime.forget(wanted); // a tag would not find it again once it has moved
            }
            return new Taken(name, image, ChainId.of(image.config().diffIds()));
        } catch (RuntimeException e) {
            image.close();
            throw e;
        }
    }

    /// Closes the image when it may be closed.
    private void watch(Key key, Entry entry) {
        entry.opening.then(taken -> taken.image().layers().whenComplete(() -> entry.complete = true));
        Thread.ofVirtual().name("unused-", 0).start(() -> {
            try {
                do {
                    Thread.sleep(options.unused());
                } while (!expire(key, entry));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // nobody does that to this thread
            }
        });
    }

    private boolean expire(Key key, Entry entry) {
        boolean over =
                entry.opening.failed() || entry.complete || !options.lazy().background();
        lock.lock();
        try {
            boolean gone = entries.get(key) != entry;
            if (!gone && !(over && entry.unusedFor(options.unused()))) {
                return false;
            }
            if (!gone) {
                entries.remove(key);
            }
        } finally {
            lock.unlock();
        }
        entry.opening.end(taken -> taken.image().close());
        return true;
    }

    /// Closes those that nobody needs any more.
    ///
    /// @param needed names of images that are to stay as they are
    /// @return the names of those that stay: the needed ones, and others that were asked for just now; empty
    ///     while an image is being opened, whose name is not known yet
    Optional<Set<String>> keepOnly(Set<String> needed) {
        Set<String> stay = new HashSet<>(needed);
        List<Taken> over = new ArrayList<>();
        boolean certain = true;
        lock.lock();
        try {
            for (Key key : List.copyOf(entries.keySet())) {
                Entry entry = entries.get(key);
                if (entry == null || entry.opening.failed()) {
                    continue;
                }
                Optional<Taken> taken = entry.opening.now();
                if (taken.isEmpty()) {
                    certain = false;
                } else if (!needed.contains(taken.get().name()) && entry.unusedFor(FRESH)) {
                    entries.remove(key);
                    over.add(taken.get());
                } else {
                    stay.add(taken.get().name());
                }
            }
        } finally {
            lock.unlock();
        }
        over.forEach(taken -> taken.image().close()); // which may evict layers: not under the lock
        return certain ? Optional.of(stay) : Optional.empty();
    }

    @Override
    public void close() {
        List<Entry> all;
        lock.lock();
        try {
            closed = true;
            all = List.copyOf(entries.values());
            entries.clear();
        } finally {
            lock.unlock();
        }
        all.forEach(entry -> entry.opening.end(taken -> taken.image().close()));
    }
}
