package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.Reference;
import io.lighterage.resolver.RemoteBlob;
import io.lighterage.resolver.ResolverConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One image at its registry.
///
/// Everything below is set up when the source is first asked for something: see [Connection#open].
final class RegistrySource implements ImageSource {
    private final Reference reference;
    private final ResolverConfig config;
    private final Timing timing;
    private final List<Path> certificates;
    private final RetryPolicy retry;
    private final Permits permits;
    private final StreamPermits streams;

    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Connection connection;
    private boolean closed;
    /// What tags stood for, by tag, so that reading it as a document costs no second request.
    private final Map<String, ManifestBody> resolved = new ConcurrentHashMap<>();

    RegistrySource(Reference reference, ResolverConfig config, Timing timing, List<Path> certificates) {
        this.reference = reference;
        this.config = config;
        this.timing = timing;
        this.certificates = certificates;
        this.retry = new RetryPolicy(config.retries(), timing);
        this.permits = new Permits(config.concurrency());
        this.streams = StreamPermits.beside(permits);
    }

    @Override
    public String name() {
        return reference.name();
    }

    @Override
    public Descriptor resolve() {
        return resolve(reference);
    }

    private Descriptor resolve(Reference named) {
        ManifestBody body = retry.call(() -> connection().manifests().get(named.selector(), named.digest()));
        resolved.put(named.selector(), body);
        return body.descriptor();
    }

    @Override
    public Descriptor beside(String suffix) {
        String tag = reference.tag().orElse("") + suffix;
        if (reference.tag().isEmpty() || tag.length() > Reference.MAX_TAG) {
            throw new ImageException(
                    ErrorKind.NOT_FOUND,
                    "there is no image beside " + name() + " whose tag ends in " + suffix + ": "
                            + (reference.tag().isEmpty() ? "it was named without a tag" : "that tag is too long"));
        }
        return resolve(new Reference(reference.domain(), reference.repository(), Optional.of(tag), Optional.empty()));
    }

    @Override
    public byte[] document(Descriptor descriptor) {
        if (descriptor.size() > ManifestEndpoint.MAX_BYTES) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "document " + descriptor.digest() + " of " + name() + " has " + descriptor.size()
                            + " bytes; expected at most 4 MiB");
        }
        if (!MediaType.isManifest(descriptor.mediaType()) && !MediaType.isIndex(descriptor.mediaType())) {
            return retry.call(() -> connection().blobs().document(descriptor));
        }
        Digest digest = descriptor.digest();
        ManifestBody known = resolved.values().stream()
                .filter(body -> body.descriptor().digest().equals(digest))
                .findFirst()
                .orElseGet(
                        () -> retry.call(() -> connection().manifests().get(digest.toString(), Optional.of(digest))));
        if (known.descriptor().size() != descriptor.size()) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    "document " + descriptor.digest() + " of " + name() + " has "
                            + known.descriptor().size() + " bytes; expected " + descriptor.size()
                            + " as its descriptor says");
        }
        return known.bytes();
    }

    @Override
    public void fetch(Descriptor descriptor, Ingest into, int priority, LongConsumer received) {
        Connection open = retry.call(this::connection);
        long number = priority;
        try {
            copy(open.blobs().route(descriptor), into, received, number);
        } catch (RegistryFailure absent) {
            if (absent.kind() != ErrorKind.NOT_FOUND || descriptor.urls().isEmpty()) {
                throw absent;
            }
            fetchForeign(open, descriptor, into, received, number, absent);
        }
    }

    /// The places a descriptor names itself, one after another.
    private void fetchForeign(
            Connection open,
            Descriptor descriptor,
            Ingest into,
            LongConsumer received,
            long number,
            RegistryFailure absent) {
        for (String url : descriptor.urls()) {
            try {
                copy(open.foreign().route(descriptor, url), into, received, number);
                return;
            } catch (RegistryFailure failure) {
                absent.addSuppressed(failure);
            }
        }
        throw absent;
    }

    private void copy(BlobRoute route, Ingest into, LongConsumer received, long number) {
        new BlobFetch(route, into, received, retry, permits, number, config.concurrency()).run();
    }

    @Override
    public RemoteBlob blob(Descriptor descriptor) {
        return new RegistryBlob(descriptor, () -> routes(descriptor), retry, streams);
    }

    /// Where the blob may be, the registry first.
    private List<Supplier<BlobRoute>> routes(Descriptor descriptor) {
        Connection open = retry.call(this::connection);
        List<Supplier<BlobRoute>> routes = new ArrayList<>();
        routes.add(() -> open.blobs().route(descriptor));
        for (String url : descriptor.urls()) {
            routes.add(() -> open.foreign().route(descriptor, url));
        }
        return routes;
    }

    private Connection connection() {
        lock.lock();
        try {
            if (closed) {
                throw new ImageException(ErrorKind.CANCELLED, "source " + name() + " is closed");
            }
            Connection known = connection;
            if (known == null) {
                known = Connection.open(reference, config, timing, certificates);
                connection = known;
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            if (connection != null) {
                connection.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
