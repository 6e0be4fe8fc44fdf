package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.mirror.MemoryUpstream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// An image of lazy layers in a registry, behind an index.
public final class EstargzImage {
    private EstargzImage() {}

    /// Puts an image under `repository:latest`.
    public static void put(MemoryUpstream upstream, String repository, List<EstargzBlob> layers) {
        layers.forEach(layer -> upstream.put(repository, ByteBuffer.wrap(layer.bytes())));
        put(
                upstream,
                repository,
                layers.stream().map(EstargzBlob::descriptor).toList(),
                // nobody should ask for what a layer is uncompressed
                IntStream.range(0, layers.size())
                        .mapToObj(i -> Digest.sha256(new byte[] {(byte) i}))
                        .toList());
    }

    /// Puts an image under `repository:latest` whose layers are there.
    public static void put(
            MemoryUpstream upstream, String repository, List<Descriptor> layers, List<Digest> uncompressed) {
        String diffIds = uncompressed.stream().map(id -> "\"" + id + "\"").collect(Collectors.joining(","));
        String config = "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{},\"rootfs\":{\"type\":\"layers\","
                + "\"diff_ids\":[" + diffIds + "]}}";
        Digest configDigest = upstream.put(repository, bytes(config));
        String manifest = "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_MANIFEST + "\",\"config\":{"
                + fields(new Descriptor(MediaType.OCI_CONFIG, configDigest, config.length())) + "},\"layers\":["
                + layers.stream().map(EstargzImage::json).collect(Collectors.joining(",")) + "]}";
        Digest digest = upstream.putManifest(repository, "only", MediaType.OCI_MANIFEST, bytes(manifest));
        String index = "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_INDEX + "\",\"manifests\":[{"
                + fields(new Descriptor(MediaType.OCI_MANIFEST, digest, manifest.length()))
                + ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}]}";
        upstream.putManifest(repository, "latest", MediaType.OCI_INDEX, bytes(index));
    }

    private static String json(Descriptor layer) {
        String annotations = layer.annotations().entrySet().stream()
                .map(each -> "\"" + each.getKey() + "\":\"" + each.getValue() + "\"")
                .collect(Collectors.joining(","));
        return "{" + fields(layer) + ",\"annotations\":{" + annotations + "}}";
    }

    private static String fields(Descriptor of) {
        return "\"mediaType\":\"" + of.mediaType() + "\",\"digest\":\"" + of.digest() + "\",\"size\":" + of.size();
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
