package io.lighterage.resolver.layout;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Platform;
import io.lighterage.contentstore.manifest.Manifest;
import io.lighterage.contentstore.manifest.ManifestWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The `index.json` of an OCI layout: bytes to values, no I/O. Follows the OCI image layout specification 1.0.
///
/// @param entries the images, in order
record LayoutIndex(List<Descriptor> entries) {
    static final String REF_NAME = "org.opencontainers.image.ref.name";
    static final String IMAGE_NAME = "io.containerd.image.name";

    LayoutIndex {
        entries = List.copyOf(entries);
    }

    /// @param where the file, for messages
    /// @throws ImageException INVALID
    static LayoutIndex parse(byte[] bytes, String where) {
        JsonNode root;
        try {
            root = JsonMapper.shared().readTree(bytes);
        } catch (JacksonException e) {
            throw new ImageException(ErrorKind.INVALID, where + " is not JSON: " + e.getOriginalMessage(), e);
        }
        JsonNode manifests = root.path("manifests");
        if (!manifests.isArray()) {
            throw new ImageException(
                    ErrorKind.INVALID, where + " has no list 'manifests'; expected an OCI image index");
        }
        List<Descriptor> entries = new ArrayList<>();
        for (JsonNode node : manifests) {
            entries.add(descriptor(node, where));
        }
        return new LayoutIndex(entries);
    }

    /// The one entry `wanted` stands for: a digest behind `@`, a tag, a full image name, or the only image there is.
    ///
    /// @throws ImageException NOT_FOUND, or INVALID when several images fit
    Descriptor select(String wanted, String where) {
        if (wanted.startsWith("@")) {
            Digest digest = Digest.parse(wanted.substring(1));
            return entries.stream()
                    .filter(entry -> entry.digest().equals(digest))
                    .findFirst()
                    .orElseThrow(() -> notFound(wanted, where));
        }
        List<Descriptor> fitting = new ArrayList<>();
        for (Descriptor entry : entries) {
            boolean image = MediaType.isManifest(entry.mediaType()) || MediaType.isIndex(entry.mediaType());
            boolean fits = wanted.isEmpty()
                    ? image
                    : wanted.equals(entry.annotations().get(REF_NAME))
                            || wanted.equals(entry.annotations().get(IMAGE_NAME));
            if (fits && fitting.stream().noneMatch(other -> other.digest().equals(entry.digest()))) {
                fitting.add(entry);
            }
        }
        if (fitting.isEmpty()) {
            throw notFound(wanted, where);
        }
        if (fitting.size() > 1) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    where + " holds " + fitting.size() + " images"
                            + (wanted.isEmpty() ? "" : " named '" + wanted + "'") + "; name one of them by "
                            + (wanted.isEmpty() ? "oci:dir:tag (" + names() + ") or " : "") + "oci:dir@digest");
        }
        return fitting.getFirst();
    }

    /// The index in which `tag`, or where it is empty the image without a name, stands for `target`.
    LayoutIndex with(Descriptor target, String tag) {
        List<Descriptor> changed = new ArrayList<>(entries);
        changed.removeIf(entry -> tag.equals(entry.annotations().getOrDefault(REF_NAME, ""))
                && (!tag.isEmpty() || !entry.annotations().containsKey(IMAGE_NAME)));
        Map<String, String> annotations = new HashMap<>(target.annotations());
        annotations.remove(IMAGE_NAME);
        annotations.remove(REF_NAME);
        if (!tag.isEmpty()) {
            annotations.put(REF_NAME, tag);
        }
        changed.add(target.withAnnotations(annotations));
        return new LayoutIndex(changed);
    }

    /// The document.
    byte[] bytes() {
        return ManifestWriter.write(new Manifest.Index(MediaType.OCI_INDEX, entries, Optional.empty(), "", Map.of()));
    }

    private ImageException notFound(String wanted, String where) {
        return new ImageException(
                ErrorKind.NOT_FOUND,
                where + " holds no image" + (wanted.isEmpty() ? "" : " '" + printable(wanted) + "'") + "; it has "
                        + (entries.isEmpty() ? "none" : names()));
    }

    private String names() {
        String names = entries.stream()
                .map(entry -> Optional.ofNullable(entry.annotations().get(REF_NAME))
                        .or(() -> Optional.ofNullable(entry.annotations().get(IMAGE_NAME)))
                        .orElse("@" + entry.digest()))
                .map(LayoutIndex::printable)
                .limit(10)
                .collect(Collectors.joining(", "));
        return entries.size() > 10 ? names + ", …" : names;
    }

    private static Descriptor descriptor(JsonNode node, String where) {
        String digest = node.path("digest").asString("");
        JsonNode size = node.path("size");
        if (digest.isEmpty() || !size.isIntegralNumber() || !size.canConvertToLong()) {
            throw new ImageException(
                    ErrorKind.INVALID, where + " has an entry without digest or size; expected OCI descriptors");
        }
        List<String> urls = new ArrayList<>();
        node.path("urls").forEach(url -> urls.add(url.asString("")));
        return new Descriptor(
                node.path("mediaType").asString(""),
                Digest.parse(digest),
                size.longValue(),
                annotations(node.path("annotations")),
                platform(node.path("platform")),
                node.path("artifactType").asString(""),
                urls);
    }

    private static Map<String, String> annotations(JsonNode node) {
        Map<String, String> all = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            all.put(entry.getKey(), Objects.requireNonNullElse(entry.getValue().asString(""), ""));
        }
        return all;
    }

    private static Optional<Platform> platform(JsonNode node) {
        if (!node.isObject()) {
            return Optional.empty();
        }
        List<String> features = new ArrayList<>();
        node.path("os.features").forEach(feature -> features.add(feature.asString("")));
        return Optional.of(new Platform(
                node.path("os").asString(""),
                node.path("architecture").asString(""),
                node.path("variant").asString(""),
                node.path("os.version").asString(""),
                features));
    }

    private static String printable(String text) {
        String cut = text.length() > 100 ? text.substring(0, 100) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
