package io.lighterage.mirror;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// OCI image layout directories (image specification, `image-layout.md`), each served as one repository.
///
/// `index.json` is read anew for every request that needs it, so a layout may change while it is served. Nothing
/// is verified: a client gets what is on disk, and checks it.
public final class LayoutUpstream implements Upstream {
    static final String REF_NAME = "org.opencontainers.image.ref.name";
    private static final String DEFAULT_TAG = "latest";

    private final Map<String, Path> layouts;

    /// @param layouts directory by repository name
    /// @throws ImageException INVALID when a name is no repository name
    public LayoutUpstream(Map<String, Path> layouts) {
        for (String name : layouts.keySet()) {
            if (name.length() > Route.MAX_NAME || !Route.NAME.matcher(name).matches()) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        "serve a layout as '" + name + "': not a repository name; expected lower-case letters, digits"
                                + " and separators");
            }
        }
        this.layouts = Map.copyOf(layouts);
    }

    /// One directory as one repository.
    public LayoutUpstream(String repository, Path layout) {
        this(Map.of(repository, layout));
    }

    @Override
    public Optional<StoredManifest> manifest(String repository, String reference) {
        Path layout = layouts.get(repository);
        if (layout == null) {
            return Optional.empty();
        }
        List<Entry> entries = entries(layout);
        if (reference.indexOf(':') < 0) {
            return entries.stream()
                    .filter(entry -> entry.tag().equals(reference))
                    .findFirst()
                    .flatMap(entry -> load(layout, entry.digest(), entry.mediaType()));
        }
        Digest digest = Digest.parse(reference);
        String listed = entries.stream()
                .filter(entry -> entry.digest().equals(digest))
                .map(Entry::mediaType)
                .findFirst()
                .orElse("");
        return load(layout, digest, listed);
    }

    @Override
    public Optional<Blob> blob(String repository, Digest digest) {
        Path layout = layouts.get(repository);
        return layout == null ? Optional.empty() : FileBlob.open(blobPath(layout, digest));
    }

    @Override
    public List<String> tags(String repository) {
        Path layout = layouts.get(repository);
        if (layout == null) {
            throw new ImageException(
                    ErrorKind.NOT_FOUND, "list tags of " + repository + ": no such repository is served here");
        }
        return entries(layout).stream()
                .map(Entry::tag)
                .filter(tag -> !tag.isEmpty())
                .distinct()
                .toList();
    }

    /// One line of `index.json`.
    private record Entry(String tag, String mediaType, Digest digest) {}

    private static List<Entry> entries(Path layout) {
        Path index = layout.resolve("index.json");
        ByteBuffer bytes = readSmall(index)
                .orElseThrow(() -> new ImageException(
                        ErrorKind.NOT_FOUND, "read " + index + ": no such file; expected an OCI image layout"));
        JsonNode manifests = Json.parseObject(bytes, index.toString()).path("manifests");
        List<Entry> entries = new ArrayList<>();
        for (JsonNode manifest : manifests) {
            String name = manifest.path("annotations").path(REF_NAME).asString("");
            boolean alone = manifests.size() == 1 && name.isEmpty();
            entries.add(new Entry(
                    alone ? DEFAULT_TAG : tagOf(name),
                    manifest.path("mediaType").asString(""),
                    Digest.parse(manifest.path("digest").asString(""))));
        }
        return entries;
    }

    /// Some tools write the whole reference where the layout wants the tag.
    private static String tagOf(String name) {
        String tag = name.substring(name.lastIndexOf(':') + 1);
        return Route.TAG.matcher(tag).matches() ? tag : "";
    }

    private static Optional<StoredManifest> load(Path layout, Digest digest, String listedType) {
        Path path = blobPath(layout, digest);
        return readSmall(path).flatMap(bytes -> {
            String type = listedType.isEmpty() ? sniff(bytes, path) : listedType;
            boolean served = MediaType.isIndex(type) || MediaType.isManifest(type);
            return served ? Optional.of(new StoredManifest(type, digest, bytes)) : Optional.empty();
        });
    }

    private static String sniff(ByteBuffer bytes, Path path) {
        try {
            ObjectNode document = Json.parseObject(bytes, path.toString());
            return ManifestFields.of(document).mediaType();
        } catch (ImageException e) {
            return "";
        }
    }

    private static Path blobPath(Path layout, Digest digest) {
        return layout.resolve("blobs").resolve(digest.algorithm()).resolve(digest.hex());
    }

    /// The whole file, when it exists and is no larger than a manifest may be.
    private static Optional<ByteBuffer> readSmall(Path path) {
        Optional<Blob> opened = FileBlob.open(path);
        if (opened.isEmpty()) {
            return Optional.empty();
        }
        try (Blob blob = opened.get()) {
            if (blob.size() > ManifestFields.MAX_SIZE) {
                return Optional.empty();
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) blob.size());
            blob.readFully(0, bytes);
            return Optional.of(bytes.flip());
        }
    }
}
