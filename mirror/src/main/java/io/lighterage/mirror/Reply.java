package io.lighterage.mirror;

import io.lighterage.contentstore.Blob;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What an endpoint answers. Nothing is sent yet, so faults can still change it.
///
/// @param status HTTP status
/// @param headers in order; `Content-Length` is not among them, it follows from the body
/// @param body what follows the headers; of a HEAD request only its length is told
record Reply(int status, List<Header> headers, Body body) {
    record Header(String name, String value) {}

    /// The bytes of an answer.
    sealed interface Body {
        long length();
    }

    record Bytes(ByteBuffer content) implements Body {
        Bytes {
            content = content.asReadOnlyBuffer().slice();
        }

        @Override
        public ByteBuffer content() {
            return content.duplicate();
        }

        @Override
        public long length() {
            return content.remaining();
        }
    }

    /// Part of a blob; whoever sends the reply closes the blob.
    record Slice(Blob blob, long offset, long length) implements Body {}

    Reply {
        headers = List.copyOf(headers);
    }

    static Reply of(int status) {
        return new Reply(status, List.of(), new Bytes(ByteBuffer.allocate(0)));
    }

    /// An error document as the distribution specification writes it.
    static Reply error(ErrorCode code, String message) {
        ObjectNode error = Json.object();
        error.put("code", code.name());
        error.put("message", message);
        error.putObject("detail");
        ObjectNode document = Json.object();
        document.putArray("errors").add(error);
        return of(code.status()).json(document);
    }

    Reply with(String name, String value) {
        List<Header> all = new ArrayList<>(headers);
        all.add(new Header(name, value));
        return new Reply(status, all, body);
    }

    Reply with(Map<String, String> more) {
        Reply reply = this;
        for (Map.Entry<String, String> header : more.entrySet()) {
            reply = reply.with(header.getKey(), header.getValue());
        }
        return reply;
    }

    Reply with(Body replaced) {
        return new Reply(status, headers, replaced);
    }

    /// With this header instead of any of that name.
    Reply replacing(String name, String value) {
        List<Header> rest = headers.stream()
                .filter(header -> !header.name().equalsIgnoreCase(name))
                .toList();
        return new Reply(status, rest, body).with(name, value);
    }

    Reply json(JsonNode document) {
        return with("Content-Type", "application/json").with(new Bytes(ByteBuffer.wrap(Json.bytes(document))));
    }

    Reply text(String text) {
        return with(new Bytes(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
    }

    /// Lets go of what the body holds.
    void discard() {
        if (body instanceof Slice slice) {
            slice.blob().close();
        }
    }
}
