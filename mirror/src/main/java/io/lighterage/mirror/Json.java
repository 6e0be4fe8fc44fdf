package io.lighterage.mirror;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The module's one JSON mapper. Loaded on first use, so that starting a server does not pay for it.
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private Json() {}

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    static byte[] bytes(JsonNode node) {
        return MAPPER.writeValueAsBytes(node);
    }

    /// @param what names the document in the message
    /// @throws ImageException INVALID when the bytes are not a JSON object
    static ObjectNode parseObject(ByteBuffer bytes, String what) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        try {
            if (MAPPER.readTree(copy) instanceof ObjectNode object) {
                return object;
            }
        } catch (JacksonException e) {
            throw new ImageException(ErrorKind.INVALID, "read " + what + ": it is not JSON; expected a JSON object", e);
        }
        throw new ImageException(ErrorKind.INVALID, "read " + what + ": it is JSON but no object; expected an object");
    }
}
