package io.lighterage.resolver;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Writes a small OCI layout with one image whose layers are random bytes.
public final class TinyLayout {
    private final Path directory;
    private final List<Descriptor> layers = new ArrayList<>();
    private final Descriptor config;
    private final Descriptor manifest;

    /// @param tag how index.json names the image
    /// @param layerSizes bytes of each layer
    public TinyLayout(Path directory, String tag, long seed, int... layerSizes) throws IOException {
        this.directory = Files.createDirectories(directory);
        Files.createDirectories(directory.resolve("blobs/sha256"));
        Random random = new Random(seed);
        StringBuilder list = new StringBuilder();
        StringBuilder diffIds = new StringBuilder();
        for (int size : layerSizes) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            Descriptor layer = put(MediaType.OCI_LAYER_GZIP, bytes);
            layers.add(layer);
            list.append(list.isEmpty() ? "" : ",").append(json(layer));
            diffIds.append(diffIds.isEmpty() ? "\"" : ",\"")
                    .append(layer.digest())
                    .append('"');
        }
        config = put(
                MediaType.OCI_CONFIG,
                text("{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{},\"rootfs\":{\"type\":\"layers\","
                        + "\"diff_ids\":[" + diffIds + "]}}"));
        manifest = put(
                MediaType.OCI_MANIFEST,
                text("{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_MANIFEST + "\",\"config\":" + json(config)
                        + ",\"layers\":[" + list + "]}"));
        Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        index(json(manifest)
                .replaceFirst("}$", ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" + tag + "\"}}"));
    }

    /// Replaces index.json by one with the given entries.
    public void index(String entries) throws IOException {
        Files.writeString(directory.resolve("index.json"), "{\"schemaVersion\":2,\"manifests\":[" + entries + "]}");
    }

    /// Adds a blob.
    public Descriptor put(String mediaType, byte[] bytes) throws IOException {
        Descriptor descriptor = new Descriptor(mediaType, Digest.sha256(bytes), bytes.length);
        Files.write(file(descriptor), bytes);
        return descriptor;
    }

    public static String json(Descriptor descriptor) {
        return "{\"mediaType\":\"" + descriptor.mediaType() + "\",\"digest\":\"" + descriptor.digest() + "\",\"size\":"
                + descriptor.size() + "}";
    }

    public Path directory() {
        return directory;
    }

    public Path file(Descriptor descriptor) {
        return directory.resolve("blobs/sha256").resolve(descriptor.digest().hex());
    }

    public List<Descriptor> layers() {
        return List.copyOf(layers);
    }

    public Descriptor config() {
        return config;
    }

    public Descriptor manifest() {
        return manifest;
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
