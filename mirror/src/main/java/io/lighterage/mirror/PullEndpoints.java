package io.lighterage.mirror;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.MediaType;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The reading half of the distribution API.
final class PullEndpoints {
    private static final int MAX_PAGE = 10_000;

    private final Upstream upstream;

    PullEndpoints(Upstream upstream) {
        this.upstream = upstream;
    }

    /// Serves the stored document as it is. A client that does not accept its type is told so: nothing is converted.
    Reply manifest(Call call, Route.Manifests route) {
        Optional<StoredManifest> found = upstream.manifest(route.repository(), route.reference());
        if (found.isEmpty()) {
            return Reply.error(
                    ErrorCode.MANIFEST_UNKNOWN, "no manifest " + route.reference() + " in " + route.repository());
        }
        StoredManifest manifest = found.get();
        if (!accepts(call.headers("accept"), manifest.mediaType())) {
            return Reply.error(
                    ErrorCode.MANIFEST_UNKNOWN,
                    "manifest " + route.reference() + " in " + route.repository() + " is " + manifest.mediaType()
                            + ", which the request does not accept; add it to Accept");
        }
        String etag = '"' + manifest.digest().toString() + '"';
        if (matches(call, etag)) {
            return Reply.of(304).with("ETag", etag);
        }
        return Reply.of(200)
                .with("Content-Type", manifest.mediaType())
                .with("Docker-Content-Digest", manifest.digest().toString())
                .with("ETag", etag)
                .with(new Reply.Bytes(manifest.content()));
    }

    Reply blob(Call call, Route.Blobs route) {
        Optional<Blob> found = upstream.blob(route.repository(), route.digest());
        if (found.isEmpty()) {
            return Reply.error(ErrorCode.BLOB_UNKNOWN, "no blob " + route.digest() + " in " + route.repository());
        }
        Blob blob = found.get();
        String etag = '"' + route.digest().toString() + '"';
        Reply common = Reply.of(200)
                .with("Content-Type", "application/octet-stream")
                .with("Docker-Content-Digest", route.digest().toString())
                .with("ETag", etag)
                .with("Accept-Ranges", "bytes");
        if (matches(call, etag)) {
            blob.close();
            return Reply.of(304).with("ETag", etag);
        }
        return switch (range(call, etag, blob.size())) {
            case ByteRange.Whole ignored -> common.with(new Reply.Slice(blob, 0, blob.size()));
            case ByteRange.Part part ->
                new Reply(206, common.headers(), new Reply.Slice(blob, part.first(), part.length()))
                        .with("Content-Range", "bytes " + part.first() + "-" + part.last() + "/" + blob.size());
            case ByteRange.Unsatisfiable ignored -> {
                long size = blob.size();
                blob.close();
                yield Reply.of(416).with("ETag", etag).with("Content-Range", "bytes */" + size);
            }
        };
    }

    Reply tags(Call call, Route.Tags route) {
        int limit = MAX_PAGE;
        Optional<String> asked = call.parameter("n");
        if (asked.isPresent()) {
            if (!asked.get().matches("\\d{1,9}")) {
                return Reply.error(ErrorCode.NAME_INVALID, "n is not a number; expected how many tags to list");
            }
            limit = Math.min(MAX_PAGE, Integer.parseInt(asked.get()));
        }
        String after = call.parameter("last").orElse("");
        List<String> rest = upstream.tags(route.repository()).stream()
                .filter(tag -> tag.compareTo(after) > 0)
                .sorted()
                .toList();
        List<String> page = rest.subList(0, Math.min(limit, rest.size()));
        ObjectNode document = Json.object();
        document.put("name", route.repository());
        page.forEach(document.putArray("tags")::add);
        Reply reply = Reply.of(200).json(document);
        if (page.isEmpty() || page.size() == rest.size()) {
            return reply;
        }
        String last = URLEncoder.encode(page.getLast(), StandardCharsets.UTF_8);
        String next = "/v2/" + route.repository() + "/tags/list?n=" + limit + "&last=" + last;
        return reply.with("Link", "<" + next + ">; rel=\"next\"");
    }

    Reply referrers(Call call, Route.Referrers route) {
        Optional<String> type = call.parameter("artifactType").filter(asked -> !asked.isEmpty());
        ObjectNode index = Json.object();
        index.put("schemaVersion", 2);
        index.put("mediaType", MediaType.OCI_INDEX);
        ArrayNode manifests = index.putArray("manifests");
        for (Descriptor descriptor : upstream.referrers(route.repository(), route.subject())) {
            if (type.isEmpty() || type.get().equals(descriptor.artifactType())) {
                manifests.add(document(descriptor));
            }
        }
        Reply reply = Reply.of(200).json(index).replacing("Content-Type", MediaType.OCI_INDEX);
        return type.isPresent() ? reply.with("OCI-Filters-Applied", "artifactType") : reply;
    }

    private static ObjectNode document(Descriptor descriptor) {
        ObjectNode node = Json.object();
        node.put("mediaType", descriptor.mediaType());
        node.put("digest", descriptor.digest().toString());
        node.put("size", descriptor.size());
        if (!descriptor.artifactType().isEmpty()) {
            node.put("artifactType", descriptor.artifactType());
        }
        if (!descriptor.annotations().isEmpty()) {
            ObjectNode annotations = node.putObject("annotations");
            descriptor.annotations().forEach(annotations::put);
        }
        return node;
    }

    /// A range counts for GET only, and under `If-Range` only when the client knows this very content.
    private static ByteRange range(Call call, String etag, long size) {
        Optional<String> range = call.header("range");
        boolean stale =
                call.header("if-range").filter(known -> !known.equals(etag)).isPresent();
        if (range.isEmpty() || stale || !call.method().equals("GET")) {
            return new ByteRange.Whole();
        }
        return ByteRange.parse(range.get(), size);
    }

    private static boolean matches(Call call, String etag) {
        for (String header : call.headers("if-none-match")) {
            for (String known : header.split(",")) {
                if (known.trim().equals(etag) || known.trim().equals("*")) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean accepts(List<String> headers, String mediaType) {
        if (headers.isEmpty()) {
            return true;
        }
        String group = mediaType.substring(0, mediaType.indexOf('/') + 1) + "*";
        for (String header : headers) {
            for (String item : header.split(",")) {
                String[] parts = item.split(";");
                String type = parts[0].trim();
                boolean refused = parts.length > 1 && parts[1].trim().matches("q=0(\\.0*)?");
                if (!refused && (type.equals("*/*") || type.equals(group) || type.equalsIgnoreCase(mediaType))) {
                    return true;
                }
            }
        }
        return false;
    }
}
