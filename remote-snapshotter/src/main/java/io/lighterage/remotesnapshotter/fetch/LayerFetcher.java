package io.lighterage.remotesnapshotter.fetch;

import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.ContentStore.IngestResult;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.resolver.ImageSource;
import java.util.ArrayList;
import java.util.List;

/// Brings the blobs of one image from its source into the store, all at once, earliest layer first.
public final class LayerFetcher {
    private final ContentStore content;
    private final ImageSource source;
    private final FetchListener listener;

    public LayerFetcher(ContentStore content, ImageSource source, FetchListener listener) {
        this.content = content;
        this.source = source;
        this.listener = listener;
    }

    /// Starts fetching all the given blobs as subtasks of `group`. Their order is their priority: while links are
    /// slow, bytes of an earlier blob are asked for before those of a later one.
    public List<LayerFetch> start(TaskGroup group, List<Descriptor> blobs) {
        List<LayerFetch> fetches = new ArrayList<>(blobs.size());
        for (Descriptor blob : blobs) {
            LayerFetch fetch = new LayerFetch(blob);
            int priority = fetches.size();
            fetches.add(fetch);
            group.fork(() -> run(fetch, priority));
        }
        return fetches;
    }

    private LayerFetch run(LayerFetch fetch, int priority) {
        try {
            listener.waiting(fetch.descriptor());
            boolean done = attempt(fetch, priority);
            if (!done) {
                attempt(fetch, priority);
            }
            fetch.finished();
            return fetch;
        } catch (Throwable e) {
            fetch.failed(e);
            throw e;
        }
    }

    /// @return false when bytes that an earlier process left behind turned out bad and a fresh attempt is worth it
    private boolean attempt(LayerFetch fetch, int priority) {
        Descriptor blob = fetch.descriptor();
        switch (content.ingest(blob)) {
            case IngestResult.Present ignored -> {
                fetch.opened(content.open(blob.digest()));
                listener.present(blob);
                return true;
            }
            case IngestResult.Writing writing -> {
                try (Ingest ingest = writing.ingest()) {
                    return write(fetch, ingest, priority);
                }
            }
        }
    }

    private boolean write(LayerFetch fetch, Ingest ingest, int priority) {
        Descriptor blob = fetch.descriptor();
        long missing =
                ingest.missing().stream().mapToLong(Ingest.ByteRange::length).sum();
        long resumed = blob.size() - missing;
        listener.started(blob, resumed);
        fetch.opened(ingest.tail());
        try {
            source.fetch(blob, ingest, priority, bytes -> listener.received(blob, bytes));
            ingest.commit();
        } catch (ImageException e) {
            ingest.fail(e);
            if (e.kind() == ErrorKind.CORRUPT && resumed > 0 && fetch.restart()) {
                return false;
            }
            throw e;
        }
        listener.stored(blob);
        return true;
    }
}
