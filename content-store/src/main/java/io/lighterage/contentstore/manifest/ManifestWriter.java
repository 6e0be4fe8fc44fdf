package io.lighterage.contentstore.manifest;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Platform;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Writes documents, the counterpart of [ManifestParser]. Pure: the same values give the same bytes.
public final class ManifestWriter {
    private ManifestWriter() {}

    /// The document for a manifest or index, with annotations in the order of their names.
    public static byte[] write(Manifest manifest) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JsonMapper.shared().createGenerator(out)) {
            json.writeStartObject();
            json.writeNumberProperty("schemaVersion", 2);
            json.writeStringProperty("mediaType", manifest.mediaType());
            switch (manifest) {
                case Manifest.Image image -> {
                    text(json, "artifactType", image.artifactType());
                    json.writeName("config");
                    descriptor(json, image.config());
                    descriptors(json, "layers", image.layers());
                    image.subject().ifPresent(subject -> subject(json, subject));
                }
                case Manifest.Index index -> {
                    text(json, "artifactType", index.artifactType());
                    descriptors(json, "manifests", index.manifests());
                    index.subject().ifPresent(subject -> subject(json, subject));
                }
            }
            texts(json, "annotations", manifest.annotations());
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    /// The image configuration with other diffIDs, and all else as it was.
    ///
    /// @throws ImageException INVALID when it is no JSON object
    public static byte[] withDiffIds(byte[] configuration, List<Digest> diffIds) {
        try {
            JsonNode root = JsonMapper.shared().readTree(configuration);
            if (root instanceof ObjectNode object) {
                ObjectNode rootfs =
                        object.path("rootfs") instanceof ObjectNode known ? known : object.putObject("rootfs");
                rootfs.put("type", "layers");
                ArrayNode list = rootfs.putArray("diff_ids");
                diffIds.forEach(diffId -> list.add(diffId.toString()));
                return JsonMapper.shared().writeValueAsBytes(object);
            }
            throw new ImageException(ErrorKind.INVALID, "the image configuration is not a JSON object");
        } catch (JacksonException e) {
            throw new ImageException(
                    ErrorKind.INVALID, "the image configuration is not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static void subject(JsonGenerator json, Descriptor subject) {
        json.writeName("subject");
        descriptor(json, subject);
    }

    private static void descriptors(JsonGenerator json, String field, List<Descriptor> all) {
        json.writeArrayPropertyStart(field);
        all.forEach(each -> descriptor(json, each));
        json.writeEndArray();
    }

    private static void descriptor(JsonGenerator json, Descriptor descriptor) {
        json.writeStartObject();
        json.writeStringProperty("mediaType", descriptor.mediaType());
        json.writeStringProperty("digest", descriptor.digest().toString());
        json.writeNumberProperty("size", descriptor.size());
        if (!descriptor.urls().isEmpty()) {
            texts(json, "urls", descriptor.urls());
        }
        texts(json, "annotations", descriptor.annotations());
        text(json, "artifactType", descriptor.artifactType());
        descriptor.platform().ifPresent(platform -> platform(json, platform));
        json.writeEndObject();
    }

    private static void platform(JsonGenerator json, Platform platform) {
        json.writeObjectPropertyStart("platform");
        json.writeStringProperty("architecture", platform.architecture());
        json.writeStringProperty("os", platform.os());
        text(json, "os.version", platform.osVersion());
        if (!platform.osFeatures().isEmpty()) {
            texts(json, "os.features", platform.osFeatures());
        }
        text(json, "variant", platform.variant());
        json.writeEndObject();
    }

    private static void text(JsonGenerator json, String field, String value) {
        if (!value.isEmpty()) {
            json.writeStringProperty(field, value);
        }
    }

    private static void texts(JsonGenerator json, String field, List<String> values) {
        json.writeArrayPropertyStart(field);
        values.forEach(json::writeString);
        json.writeEndArray();
    }

    private static void texts(JsonGenerator json, String field, Map<String, String> values) {
        if (values.isEmpty()) {
            return;
        }
        json.writeObjectPropertyStart(field);
        new TreeMap<>(values).forEach(json::writeStringProperty);
        json.writeEndObject();
    }
}
