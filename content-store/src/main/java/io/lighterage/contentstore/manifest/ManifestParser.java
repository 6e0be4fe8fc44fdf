package io.lighterage.contentstore.manifest;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Platform;
import java.util.List;
import java.util.Optional;

/// Parses OCI image-spec 1.1 and Docker schema 2 documents. Pure: bytes in, typed values out.
public final class ManifestParser {
    /// Registries must accept 4 MiB manifests and need accept no more (distribution-spec); nothing real is larger.
    public static final int MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

    /// An index lists one entry a platform, a manifest one a layer; overlayfs itself ends at 500 layers.
    public static final int MAX_CHILDREN = 10_000;

    private ManifestParser() {}

    /// Parses a manifest or index. The descriptor's media type decides what it is; the document's own fields must
    /// agree, so that no two readers can take one document for two different things.
    ///
    /// @throws ImageException INVALID when the document is malformed or ambiguous, UNSUPPORTED for schema 1 and for
    ///     types that are no manifests
    public static Manifest parse(Descriptor descriptor, byte[] bytes) {
        String mediaType = descriptor.mediaType();
        String what = "manifest " + descriptor.digest();
        if (MediaType.isSchema1(mediaType)) {
            throw schema1(what);
        }
        if (!MediaType.isIndex(mediaType) && !MediaType.isManifest(mediaType)) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    what + " has media type '" + mediaType + "'; expected an OCI or Docker schema 2 manifest or index");
        }
        JsonFields json = JsonFields.parse(what, bytes);
        rejectAmbiguity(what, mediaType, json);
        return MediaType.isIndex(mediaType) ? index(mediaType, json) : image(mediaType, json);
    }

    /// The media type a document claims: its `mediaType` field, or what its shape says where it has none.
    ///
    /// @return empty when nothing can be told
    public static Optional<String> detectMediaType(byte[] bytes) {
        JsonFields json = JsonFields.parse("manifest", bytes);
        String claimed = json.text("mediaType");
        if (!claimed.isEmpty()) {
            return Optional.of(claimed);
        }
        if (json.has("fsLayers")) {
            return Optional.of(MediaType.DOCKER_SCHEMA1);
        }
        if (json.has("manifests")) {
            return Optional.of(MediaType.OCI_INDEX);
        }
        return json.has("config") || json.has("layers") ? Optional.of(MediaType.OCI_MANIFEST) : Optional.empty();
    }

    /// Parses an image configuration.
    ///
    /// @throws ImageException INVALID when it is malformed
    public static ImageConfig parseConfig(Digest digest, byte[] bytes) {
        JsonFields json = JsonFields.parse("image configuration " + digest, bytes);
        List<Digest> diffIds = List.of();
        JsonFields rootfs = json.object("rootfs");
        if (rootfs != null) {
            String type = rootfs.text("type");
            if (!type.isEmpty() && !type.equals("layers")) {
                throw rootfs.wrong("type", "'layers'");
            }
            diffIds = rootfs.texts("diff_ids").stream().map(Digest::parse).toList();
        }
        Platform platform = new Platform(
                json.text("os"),
                json.text("architecture"),
                json.text("variant"),
                json.text("os.version"),
                json.texts("os.features"));
        return new ImageConfig(platform, json.text("created"), diffIds, execution(json.object("config")));
    }

    private static ImageConfig.Execution execution(@org.jspecify.annotations.Nullable JsonFields json) {
        if (json == null) {
            return ImageConfig.Execution.empty();
        }
        String stop = json.text("StopSignal");
        return new ImageConfig.Execution(
                json.text("User"),
                json.texts("Env"),
                json.texts("Entrypoint"),
                json.texts("Cmd"),
                json.text("WorkingDir"),
                stop.isEmpty() ? Optional.empty() : Optional.of(stop),
                json.textMap("Labels"));
    }

    private static void rejectAmbiguity(String what, String mediaType, JsonFields json) {
        if (json.has("fsLayers") || (json.has("schemaVersion") && json.requiredLong("schemaVersion") == 1)) {
            throw schema1(what);
        }
        boolean looksLikeImage = json.has("layers") || json.has("config");
        if (looksLikeImage && json.has("manifests")) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    what + " has both 'manifests' and 'layers' or 'config', so it could be taken for two different"
                            + " things; expected one of them. The image was built wrongly or tampered with");
        }
        String claimed = json.text("mediaType");
        if (!claimed.isEmpty() && !claimed.equals(mediaType)) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    what + " calls itself '" + claimed + "' but was served as '" + mediaType
                            + "'; expected the same media type in both places");
        }
        if (looksLikeImage == MediaType.isIndex(mediaType) && (looksLikeImage || json.has("manifests"))) {
            throw new ImageException(
                    ErrorKind.INVALID, what + " does not have the shape of its media type '" + mediaType + "'");
        }
    }

    private static ImageException schema1(String what) {
        return new ImageException(
                ErrorKind.UNSUPPORTED,
                what + " is a Docker schema 1 manifest, which is retired; expected schema 2 or OCI. Push the image"
                        + " again with a current tool");
    }

    private static Manifest.Image image(String mediaType, JsonFields json) {
        return new Manifest.Image(
                mediaType,
                descriptor(json.requiredObject("config")),
                descriptors(json, "layers"),
                Optional.ofNullable(json.object("subject")).map(ManifestParser::descriptor),
                json.text("artifactType"),
                json.textMap("annotations"));
    }

    private static Manifest.Index index(String mediaType, JsonFields json) {
        return new Manifest.Index(
                mediaType,
                descriptors(json, "manifests"),
                Optional.ofNullable(json.object("subject")).map(ManifestParser::descriptor),
                json.text("artifactType"),
                json.textMap("annotations"));
    }

    private static List<Descriptor> descriptors(JsonFields json, String field) {
        List<JsonFields> items = json.objects(field);
        if (items.size() > MAX_CHILDREN) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    json.document() + " lists " + items.size() + " " + field + "; expected at most " + MAX_CHILDREN);
        }
        return items.stream().map(ManifestParser::descriptor).toList();
    }

    private static Descriptor descriptor(JsonFields json) {
        long size = json.requiredLong("size");
        if (size < 0) {
            throw json.wrong("size", "0 or more");
        }
        return new Descriptor(
                json.requiredText("mediaType"),
                Digest.parse(json.requiredText("digest")),
                size,
                json.textMap("annotations"),
                Optional.ofNullable(json.object("platform")).map(ManifestParser::platform),
                json.text("artifactType"),
                json.texts("urls"));
    }

    private static Platform platform(JsonFields json) {
        return new Platform(
                json.text("os"),
                json.text("architecture"),
                json.text("variant"),
                json.text("os.version"),
                json.texts("os.features"));
    }
}
