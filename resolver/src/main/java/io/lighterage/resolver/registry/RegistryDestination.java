package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.resolver.ImageDestination;
import io.lighterage.resolver.Reference;
import io.lighterage.resolver.ResolverConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import okhttp3.RequestBody;
import okio.BufferedSink;
import okio.Okio;
import okio.Source;
import org.jspecify.annotations.Nullable;

/// An image written to a registry under a tag.
final class RegistryDestination implements ImageDestination {
    private static final int BUFFER = 64 << 10;

    private final Reference reference;
    private final ResolverConfig config;
    private final Timing timing;
    private final List<Path> certificates;
    private final RetryPolicy retry;
    private final Semaphore uploads;
    /// Manifests that were put, for the one that is published.
    private final Map<Descriptor, byte[]> manifests = new ConcurrentHashMap<>();

    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Connection connection;

    RegistryDestination(Reference reference, ResolverConfig config, Timing timing, List<Path> certificates) {
        if (reference.digest().isPresent()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot write to " + reference.name()
                            + ": what an image's digest will be is not ours to say; expected name:tag");
        }
        this.reference = reference;
        this.config = config;
        this.timing = timing;
        this.certificates = List.copyOf(certificates);
        retry = new RetryPolicy(config.retries(), timing);
        uploads = new Semaphore(config.concurrency());
    }

    @Override
    public String name() {
        return reference.name();
    }

    @Override
    public Optional<Path> workshop() {
        return Optional.empty();
    }

    @Override
    public void put(Descriptor blob, Blob content) {
        upload(blob, () -> new RequestBody() {
            @Override
            public okhttp3.@Nullable MediaType contentType() {
                return UploadEndpoint.bytes();
            }

            @Override
            public long contentLength() {
                return blob.size();
            }

            @Override
            public void writeTo(BufferedSink sink) throws IOException {
                ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
                for (long at = 0; at < blob.size(); at += buffer.limit()) {
                    buffer.clear().limit((int) Math.min(BUFFER, blob.size() - at));
                    content.readFully(at, buffer);
                    sink.write(buffer.array(), 0, buffer.limit());
                }
            }
        });
    }

    @Override
    public void adopt(Descriptor blob, Path file) {
        upload(blob, () -> new RequestBody() {
            @Override
            public okhttp3.@Nullable MediaType contentType() {
                return UploadEndpoint.bytes();
            }

            @Override
            public long contentLength() {
                return blob.size();
            }

            @Override
            public void writeTo(BufferedSink sink) throws IOException {
                try (Source bytes = Okio.source(file)) {
                    sink.writeAll(bytes);
                }
            }
        });
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new ImageException(ErrorKind.INTERNAL, "cannot remove " + file + ": " + e, e);
        }
    }

    /// The registry checks the digest itself.
    private void upload(Descriptor blob, Supplier<RequestBody> body) {
        try {
            uploads.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted before writing " + blob.digest(), e);
        }
        try {
            retry.call(() -> {
                UploadEndpoint endpoint = connection().uploads();
                if (!endpoint.has(blob)) {
                    endpoint.put(blob, body.get());
                }
                return blob;
            });
        } finally {
            uploads.release();
        }
    }

    @Override
    public void document(Descriptor descriptor, byte[] bytes) {
        String type = descriptor.mediaType();
        if (!MediaType.isManifest(type) && !MediaType.isIndex(type)) {
            upload(descriptor, () -> RequestBody.create(bytes, UploadEndpoint.bytes()));
            return;
        }
        put(descriptor.digest().toString(), type, bytes);
        manifests.put(key(descriptor), bytes.clone());
    }

    @Override
    public void publish(Descriptor target) {
        byte[] bytes = manifests.get(key(target));
        if (bytes == null) {
            throw new ImageException(
                    ErrorKind.PRECONDITION, "cannot publish " + target.digest() + ": it was not put there before");
        }
        put(reference.selector(), target.mediaType(), bytes);
    }

    private void put(String selector, String type, byte[] bytes) {
        retry.call(() -> {
            connection().uploads().putManifest(selector, type, bytes);
            return selector;
        });
    }

    private static Descriptor key(Descriptor descriptor) {
        return new Descriptor(descriptor.mediaType(), descriptor.digest(), descriptor.size());
    }

    private Connection connection() {
        lock.lock();
        try {
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
            if (connection != null) {
                connection.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
