package io.lighterage.app.control;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What goes over a control socket, one JSON object a line.
///
/// ```
/// request   {"request": name, "arguments": {…}}
/// answer    {"result": anything}  or  {"error": {"code": an ErrorKind, "message": text}}
/// ```
final class ControlMessage {
    /// A request is a name and a directory.
    static final int MAX_REQUEST_BYTES = 64 << 10;

    /// The state of a thousand mounted layers with their slowest reads has less.
    static final int MAX_ANSWER_BYTES = 16 << 20;

    private static final int MAX_DEPTH = 64;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxDocumentLength(MAX_ANSWER_BYTES)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private ControlMessage() {}

    static byte[] request(String name, JsonNode arguments) {
        ObjectNode request = object();
        request.put("request", name).set("arguments", arguments);
        return bytes(request);
    }

    static byte[] result(JsonNode result) {
        ObjectNode answer = object();
        answer.set("result", result);
        return bytes(answer);
    }

    static byte[] error(ErrorKind kind, String message) {
        ObjectNode answer = object();
        answer.putObject("error").put("code", kind.name()).put("message", message);
        return bytes(answer);
    }

    /// @throws ImageException INVALID when the line is no JSON object
    static JsonNode parse(byte[] line) {
        try {
            JsonNode message = MAPPER.readTree(line);
            if (message.isObject()) {
                return message;
            }
        } catch (JacksonException e) {
            throw new ImageException(ErrorKind.INVALID, "not JSON: " + e.getOriginalMessage(), e);
        }
        throw new ImageException(ErrorKind.INVALID, "not a JSON object");
    }

    /// The result an answer holds.
    ///
    /// @throws ImageException the failure it holds, INVALID when it holds neither
    static JsonNode resultOf(byte[] line) {
        JsonNode answer = parse(line);
        JsonNode error = answer.path("error");
        if (error.isObject()) {
            throw new ImageException(
                    kind(error.path("code").asString("")), error.path("message").asString("no message"));
        }
        JsonNode result = answer.get("result");
        if (result == null) {
            throw new ImageException(ErrorKind.INVALID, "neither a result nor an error");
        }
        return result;
    }

    private static ErrorKind kind(String name) {
        return Arrays.stream(ErrorKind.values())
                .filter(kind -> kind.name().equals(name))
                .findFirst()
                .orElse(ErrorKind.INTERNAL);
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    private static byte[] bytes(ObjectNode message) {
        return message.toString().getBytes(StandardCharsets.UTF_8);
    }
}
