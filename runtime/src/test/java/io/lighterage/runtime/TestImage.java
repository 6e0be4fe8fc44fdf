package io.lighterage.runtime;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.mirror.MemoryUpstream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;

/// An image in a [MemoryUpstream], made from the tars of its layers.
///
/// @param repository where it is
/// @param manifest the manifest's digest
/// @param layers digests of the compressed layers, base first
public record TestImage(String repository, Digest manifest, List<Digest> layers) {

    /// Puts an honest image under `repository:latest`.
    public static TestImage put(MemoryUpstream upstream, String repository, byte[]... tars) {
        return new Builder(upstream, repository).layers(tars).put("latest");
    }

    /// Makes images whose parts need not fit together.
    static final class Builder {
        private final MemoryUpstream upstream;
        private final String repository;
        private final List<byte[]> blobs = new ArrayList<>();
        private final List<String> diffIds = new ArrayList<>();
        private long sizeError;
        private String platform = "\"os\":\"linux\",\"architecture\":\"amd64\"";

        Builder(MemoryUpstream upstream, String repository) {
            this.upstream = upstream;
            this.repository = repository;
        }

        Builder layers(byte[]... tars) {
            for (byte[] tar : tars) {
                blob(gzip(tar), Digest.sha256(tar));
            }
            return this;
        }

        /// A layer blob as it is, claimed to hold that diffID.
        Builder blob(byte[] blob, Digest diffId) {
            blobs.add(blob);
            diffIds.add("\"" + diffId + "\"");
            return this;
        }

        /// Lets the descriptors of the layers lie about their size by that much.
        Builder sizeError(long bytes) {
            sizeError = bytes;
            return this;
        }

        Builder platform(String os, String architecture) {
            platform = "\"os\":\"" + os + "\",\"architecture\":\"" + architecture + "\"";
            return this;
        }

        TestImage put(String tag) {
            String config = "{" + platform + ",\"config\":{\"Cmd\":[\"/bin/sh\"]},\"rootfs\":{\"type\":\"layers\","
                    + "\"diff_ids\":[" + String.join(",", diffIds) + "]}}";
            Digest configDigest = upstream.put(repository, bytes(config));
            List<Digest> layers = blobs.stream()
                    .map(blob -> upstream.put(repository, ByteBuffer.wrap(blob)))
                    .toList();
            String list = java.util.stream.IntStream.range(0, layers.size())
                    .mapToObj(i -> descriptor(MediaType.OCI_LAYER_GZIP, layers.get(i), blobs.get(i).length + sizeError))
                    .collect(Collectors.joining(","));
            String manifest = "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_MANIFEST + "\",\"config\":"
                    + descriptor(MediaType.OCI_CONFIG, configDigest, config.length()) + ",\"layers\":[" + list + "]}";
            Digest digest = upstream.putManifest(repository, tag, MediaType.OCI_MANIFEST, bytes(manifest));
            return new TestImage(repository, digest, layers);
        }
    }

    static String descriptor(String mediaType, Digest digest, long size) {
        return "{\"mediaType\":\"" + mediaType + "\",\"digest\":\"" + digest + "\",\"size\":" + size + "}";
    }

    static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
