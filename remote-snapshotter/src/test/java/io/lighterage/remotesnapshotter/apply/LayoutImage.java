package io.lighterage.remotesnapshotter.apply;

import io.lighterage.contentstore.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The layers of the one image of an OCI layout, base first.
public record LayoutImage(List<Layer> layers) {
    public record Layer(Path blob, Digest digest, Digest diffId) {}

    public static LayoutImage read(Path layout) throws IOException {
        ObjectMapper json = new ObjectMapper();
        JsonNode index = json.readTree(Files.readString(layout.resolve("index.json")));
        JsonNode manifest = json.readTree(Files.readString(blob(layout, index.at("/manifests/0/digest"))));
        JsonNode config = json.readTree(Files.readString(blob(layout, manifest.at("/config/digest"))));
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < manifest.at("/layers").size(); i++) {
            JsonNode digest = manifest.at("/layers/" + i + "/digest");
            Digest diffId = Digest.parse(config.at("/rootfs/diff_ids/" + i).asString());
            layers.add(new Layer(blob(layout, digest), Digest.parse(digest.asString()), diffId));
        }
        return new LayoutImage(layers);
    }

    private static Path blob(Path layout, JsonNode digest) {
        return layout.resolve("blobs/" + digest.asString().replace(':', '/'));
    }
}
