package io.lighterage.contentstore.manifest;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Typed access to the fields of one JSON object, with errors that name the document and the field.
///
/// @param document what the JSON is, for messages
/// @param node the object
record JsonFields(String document, JsonNode node) {
    /// Nesting no honest manifest or configuration comes near.
    private static final int MAX_DEPTH = 64;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxDocumentLength(ManifestParser.MAX_DOCUMENT_BYTES)
                            .build())
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /// Parses the one JSON object a document consists of.
    static JsonFields parse(String document, byte[] bytes) {
        if (bytes.length > ManifestParser.MAX_DOCUMENT_BYTES) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    document + " has " + bytes.length + " bytes; expected at most "
                            + ManifestParser.MAX_DOCUMENT_BYTES);
        }
        try {
            JsonNode node = MAPPER.readTree(bytes);
            if (node == null || !node.isObject()) {
                throw new ImageException(ErrorKind.INVALID, document + " is not a JSON object");
            }
            return new JsonFields(document, node);
        } catch (JacksonException e) {
            throw new ImageException(ErrorKind.INVALID, document + " is not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    boolean has(String field) {
        JsonNode value = node.get(field);
        return value != null && !value.isNull();
    }

    String text(String field) {
        JsonNode value = node.get(field);
        if (value == null || value.isNull()) {
            return "";
        }
        if (!value.isString()) {
            throw wrong(field, "a string");
        }
        return value.stringValue();
    }

    String requiredText(String field) {
        String value = text(field);
        if (value.isEmpty()) {
            throw wrong(field, "a non-empty string");
        }
        return value;
    }

    long requiredLong(String field) {
        JsonNode value = node.get(field);
        if (value == null || !value.isIntegralNumber() || !value.canConvertToLong()) {
            throw wrong(field, "a whole number");
        }
        return value.longValue();
    }

    @Nullable
    JsonFields object(String field) {
        JsonNode value = node.get(field);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isObject()) {
            throw wrong(field, "an object");
        }
        return new JsonFields(document + " field '" + field + "'", value);
    }

    JsonFields requiredObject(String field) {
        JsonFields value = object(field);
        if (value == null) {
            throw wrong(field, "an object");
        }
        return value;
    }

    List<JsonFields> objects(String field) {
        JsonNode value = node.get(field);
        if (value == null || value.isNull()) {
            return List.of();
        }
        if (!value.isArray()) {
            throw wrong(field, "an array");
        }
        List<JsonFields> all = new ArrayList<>(value.size());
        for (JsonNode item : value) {
            if (!item.isObject()) {
                throw wrong(field, "an array of objects");
            }
            all.add(new JsonFields(document + " field '" + field + "'[" + all.size() + "]", item));
        }
        return all;
    }

    List<String> texts(String field) {
        JsonNode value = node.get(field);
        if (value == null || value.isNull()) {
            return List.of();
        }
        if (!value.isArray()) {
            throw wrong(field, "an array");
        }
        List<String> all = new ArrayList<>(value.size());
        for (JsonNode item : value) {
            if (!item.isString()) {
                throw wrong(field, "an array of strings");
            }
            all.add(item.stringValue());
        }
        return all;
    }

    Map<String, String> textMap(String field) {
        JsonNode value = node.get(field);
        if (value == null || value.isNull()) {
            return Map.of();
        }
        if (!value.isObject()) {
            throw wrong(field, "an object of strings");
        }
        Map<String, String> all = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> item : value.properties()) {
            if (!item.getValue().isString()) {
                throw wrong(field, "an object of strings");
            }
            all.put(item.getKey(), item.getValue().stringValue());
        }
        return all;
    }

    ImageException wrong(String field, String expected) {
        return new ImageException(ErrorKind.INVALID, document + ": field '" + field + "' is not " + expected);
    }
}
