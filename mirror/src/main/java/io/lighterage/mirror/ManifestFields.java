package io.lighterage.mirror;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The few fields of a manifest a registry looks at. What else stands in it is none of its business.
///
/// @param mediaType as the document says or its shape implies; empty when it is no manifest
/// @param children digests of the blobs (of an image) or manifests (of an index) it needs here
/// @param subject what it refers to
/// @param artifactType its own, else its configuration's type, else empty
/// @param annotations of the document
record ManifestFields(
        String mediaType,
        List<Digest> children,
        Optional<Digest> subject,
        String artifactType,
        Map<String, String> annotations) {

    /// Largest manifest taken or looked at: 4 MiB, what registries must accept and clients cap at.
    static final int MAX_SIZE = 4 << 20;

    ManifestFields {
        children = List.copyOf(children);
        annotations = Map.copyOf(annotations);
    }

    /// @throws io.lighterage.contentstore.ImageException INVALID when a digest in it is not one
    static ManifestFields of(ObjectNode document) {
        List<Digest> children = new ArrayList<>();
        addDigest(children, document.path("config"));
        document.path("layers").forEach(layer -> addDigest(children, layer));
        document.path("manifests").forEach(entry -> addDigest(children, entry));
        List<Digest> subject = new ArrayList<>();
        addDigest(subject, document.path("subject"));
        String artifactType = document.path("artifactType")
                .asString(document.path("config").path("mediaType").asString(""));
        Map<String, String> annotations = new LinkedHashMap<>();
        document.path("annotations").properties().forEach(field -> {
            if (field.getValue().isString()) {
                annotations.put(field.getKey(), field.getValue().asString());
            }
        });
        return new ManifestFields(
                mediaTypeOf(document), children, subject.stream().findFirst(), artifactType, annotations);
    }

    private static String mediaTypeOf(ObjectNode document) {
        if (document.path("mediaType").isString()) {
            return document.path("mediaType").asString();
        }
        if (document.path("manifests").isArray()) {
            return MediaType.OCI_INDEX;
        }
        return document.path("layers").isArray() && document.path("config").isObject() ? MediaType.OCI_MANIFEST : "";
    }

    private static void addDigest(List<Digest> into, JsonNode descriptor) {
        boolean foreign =
                descriptor.path("urls").isArray() && !descriptor.path("urls").isEmpty();
        if (descriptor.path("digest").isString() && !foreign) {
            into.add(Digest.parse(descriptor.path("digest").asString()));
        }
    }
}
