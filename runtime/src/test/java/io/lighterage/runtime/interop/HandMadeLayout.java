package io.lighterage.runtime.interop;

import io.lighterage.contentstore.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// An OCI layout written as its specification says, with nothing of ours: one image of one platform, tag `latest`.
record HandMadeLayout(Path folder) {
    private static final String OCI = "application/vnd.oci.image.";
    private static final ObjectMapper JSON = new ObjectMapper();

    /// Begins an empty one.
    static HandMadeLayout at(Path folder) throws IOException {
        Files.createDirectories(folder.resolve("blobs/sha256"));
        return new HandMadeLayout(folder);
    }

    String reference() {
        return "oci:" + folder + ":latest";
    }

    private Path blob(JsonNode descriptor) {
        return folder.resolve("blobs/sha256")
                .resolve(Digest.parse(descriptor.path("digest").asString()).hex());
    }

    private JsonNode read(JsonNode descriptor) throws IOException {
        return JSON.readTree(Files.readString(blob(descriptor)));
    }

    /// The manifest of the only image, below any index.
    private JsonNode manifest() throws IOException {
        JsonNode document = JSON.readTree(Files.readString(folder.resolve("index.json")));
        while (document.has("manifests")) {
            document = read(document.path("manifests").path(0));
        }
        return document;
    }

    /// The image of two others that are the same but for the form of their layers: layers 0, 2, 4 of the one and
    /// 1, 3, 5 of the other.
    void alternate(HandMadeLayout even, HandMadeLayout odd) throws IOException {
        List<HandMadeLayout> both = List.of(even, odd);
        ArrayNode layers = JSON.createArrayNode();
        ArrayNode diffIds = JSON.createArrayNode();
        int count = even.manifest().path("layers").size();
        for (int layer = 0; layer < count; layer++) {
            HandMadeLayout from = both.get(layer % 2);
            JsonNode manifest = from.manifest();
            JsonNode descriptor = manifest.path("layers").path(layer);
            Files.copy(from.blob(descriptor), blob(descriptor), StandardCopyOption.REPLACE_EXISTING);
            layers.add(descriptor);
            JsonNode config = from.read(manifest.path("config"));
            diffIds.add(config.path("rootfs").path("diff_ids").path(layer));
        }
        write(layers, diffIds);
    }

    /// Plain layers, base first.
    void layers(List<byte[]> tars) throws IOException {
        ArrayNode layers = JSON.createArrayNode();
        ArrayNode diffIds = JSON.createArrayNode();
        for (byte[] tar : tars) {
            ObjectNode descriptor = put(OCI + "layer.v1.tar", tar);
            layers.add(descriptor);
            diffIds.add(descriptor.path("digest"));
        }
        write(layers, diffIds);
    }

    private void write(ArrayNode layers, ArrayNode diffIds) throws IOException {
        ObjectNode config = JSON.createObjectNode().put("architecture", "amd64").put("os", "linux");
        config.putObject("config");
        config.putObject("rootfs").put("type", "layers").set("diff_ids", diffIds);
        ObjectNode manifest =
                JSON.createObjectNode().put("schemaVersion", 2).put("mediaType", OCI + "manifest.v1+json");
        manifest.set("config", put(OCI + "config.v1+json", bytes(config)));
        manifest.set("layers", layers);
        ObjectNode named = put(OCI + "manifest.v1+json", bytes(manifest));
        named.putObject("annotations").put("org.opencontainers.image.ref.name", "latest");
        ObjectNode index = JSON.createObjectNode().put("schemaVersion", 2);
        index.putArray("manifests").add(named);
        Files.write(folder.resolve("index.json"), bytes(index));
        Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    }

    private static byte[] bytes(JsonNode node) {
        return node.toString().getBytes(StandardCharsets.UTF_8);
    }

    private ObjectNode put(String mediaType, byte[] bytes) throws IOException {
        Digest digest = Digest.sha256(bytes);
        Files.write(folder.resolve("blobs/sha256").resolve(digest.hex()), bytes);
        return JSON.createObjectNode()
                .put("mediaType", mediaType)
                .put("digest", digest.toString())
                .put("size", bytes.length);
    }
}
