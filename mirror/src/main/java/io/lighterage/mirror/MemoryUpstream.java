package io.lighterage.mirror;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListMap;

/// Repositories in memory, for tests and for pushes that need not last.
public final class MemoryUpstream implements PushTarget {
    private final ConcurrentMap<String, Repository> repositories = new ConcurrentHashMap<>();

    /// Adds a blob and tells its sha256 digest.
    public Digest put(String repository, ByteBuffer content) {
        Digest digest = Digest.sha256(content.duplicate());
        put(repository, digest, content);
        return digest;
    }

    /// Adds a blob under a digest that need not be its own.
    public void put(String repository, Digest digest, ByteBuffer content) {
        MemoryBlob blob = new MemoryBlob();
        blob.append(content.duplicate());
        repository(repository).blobs.put(digest, blob);
    }

    /// Adds a manifest under a tag and under its sha256 digest, which is told.
    public Digest putManifest(String repository, String tag, String mediaType, ByteBuffer content) {
        StoredManifest manifest = new StoredManifest(mediaType, content);
        putManifest(repository, tag, manifest);
        return manifest.digest();
    }

    @Override
    public void putManifest(String repository, String reference, StoredManifest manifest) {
        ByteBuffer copy =
                ByteBuffer.allocate(manifest.size()).put(manifest.content()).flip();
        StoredManifest kept = new StoredManifest(manifest.mediaType(), manifest.digest(), copy);
        Repository target = repository(repository);
        target.manifests.put(kept.digest(), kept);
        if (reference.indexOf(':') < 0) {
            target.tags.put(reference, kept.digest());
        }
    }

    @Override
    public Incoming newBlob(String repository) {
        Repository target = repository(repository);
        return new Incoming() {
            private MemoryBlob blob = new MemoryBlob();

            @Override
            public void write(ByteBuffer bytes) {
                blob.append(bytes);
            }

            @Override
            public long size() {
                return blob.size();
            }

            @Override
            public void commit(Digest expected) {
                Digest actual = blob.digest(expected.algorithm());
                if (!actual.equals(expected)) {
                    throw new ImageException(
                            ErrorKind.CORRUPT,
                            "store a blob of " + blob.size() + " bytes: its digest is " + actual + "; expected "
                                    + expected);
                }
                target.blobs.put(expected, blob);
            }

            @Override
            public void close() {
                blob = new MemoryBlob();
            }
        };
    }

    @Override
    public Optional<StoredManifest> manifest(String repository, String reference) {
        return find(repository).flatMap(found -> {
            Digest digest = reference.indexOf(':') < 0 ? found.tags.get(reference) : Digest.parse(reference);
            return digest == null ? Optional.empty() : Optional.ofNullable(found.manifests.get(digest));
        });
    }

    @Override
    public Optional<Blob> blob(String repository, Digest digest) {
        return find(repository).flatMap(found -> Optional.ofNullable(found.blobs.get(digest)));
    }

    @Override
    public List<String> tags(String repository) {
        return find(repository)
                .map(found -> List.copyOf(found.tags.keySet()))
                .orElseThrow(() -> new ImageException(
                        ErrorKind.NOT_FOUND, "list tags of " + repository + ": no such repository is served here"));
    }

    @Override
    public List<Descriptor> referrers(String repository, Digest subject) {
        List<Descriptor> referring = new ArrayList<>();
        for (StoredManifest manifest :
                find(repository).map(found -> found.manifests.values()).orElse(List.of())) {
            ManifestFields fields =
                    ManifestFields.of(Json.parseObject(manifest.content(), "manifest " + manifest.digest()));
            if (fields.subject().filter(subject::equals).isPresent()) {
                referring.add(new Descriptor(
                        manifest.mediaType(),
                        manifest.digest(),
                        manifest.size(),
                        fields.annotations(),
                        Optional.empty(),
                        fields.artifactType(),
                        List.of()));
            }
        }
        return referring;
    }

    private Repository repository(String name) {
        return repositories.computeIfAbsent(name, ignored -> new Repository());
    }

    private Optional<Repository> find(String name) {
        return Optional.ofNullable(repositories.get(name));
    }

    private static final class Repository {
        private final ConcurrentMap<Digest, MemoryBlob> blobs = new ConcurrentHashMap<>();
        private final ConcurrentMap<Digest, StoredManifest> manifests = new ConcurrentSkipListMap<>();
        private final ConcurrentMap<String, Digest> tags = new ConcurrentSkipListMap<>();
    }
}
