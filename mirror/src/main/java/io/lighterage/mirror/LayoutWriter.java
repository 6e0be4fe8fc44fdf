package io.lighterage.mirror;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Platform;
import io.lighterage.contentstore.manifest.ImageConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Writes images into an OCI image layout directory (image specification, `image-layout.md`).
///
/// Blobs are written beside their place, synced and renamed, `index.json` last: a reader sees the image whole or not
/// at all. Tags already there stay; a tag written again moves. One writer at a time.
public final class LayoutWriter {
    private static final int BUFFER = 1 << 16;
    private static final String LAYOUT = "{\"imageLayoutVersion\":\"1.0.0\"}";

    private final Path directory;

    /// @param directory created when it does not exist
    public LayoutWriter(Path directory) {
        this.directory = directory;
    }

    /// Writes one image and tags it.
    ///
    /// @return its manifest's descriptor
    /// @throws ImageException UNAVAILABLE when a layer cannot be read or the directory cannot be written to
    public Descriptor write(String tag, LayoutImage image) {
        try {
            prepare();
            Descriptor manifest = manifest(image);
            tag(tag, manifest);
            return manifest;
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /// Writes several images, usually one a platform, and tags the index of them.
    ///
    /// @return the index's descriptor
    public Descriptor writeIndex(String tag, List<LayoutImage> images) {
        try {
            prepare();
            ObjectNode index = Json.object();
            index.put("schemaVersion", 2);
            index.put("mediaType", MediaType.OCI_INDEX);
            ArrayNode manifests = index.putArray("manifests");
            for (LayoutImage image : images) {
                manifests.add(node(manifest(image)));
            }
            Descriptor written = document(MediaType.OCI_INDEX, index);
            tag(tag, written);
            return written;
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /// One image for one platform that runs a shell.
    public static Descriptor write(Path directory, String tag, Platform platform, List<LayerFile> layers) {
        return new LayoutWriter(directory).write(tag, new LayoutImage(platform, layers));
    }

    private void prepare() throws IOException {
        Files.createDirectories(directory.resolve("blobs").resolve("sha256"));
        replace(directory.resolve("oci-layout"), LAYOUT.getBytes(StandardCharsets.UTF_8));
    }

    private Descriptor manifest(LayoutImage image) throws IOException {
        List<Descriptor> layers = new ArrayList<>();
        for (LayerFile layer : image.layers()) {
            try (InputStream bytes = layer.bytes().open()) {
                layers.add(blob(layer.mediaType(), bytes));
            }
        }
        Descriptor config = document(MediaType.OCI_CONFIG, config(image));
        ObjectNode manifest = Json.object();
        manifest.put("schemaVersion", 2);
        manifest.put("mediaType", MediaType.OCI_MANIFEST);
        manifest.set("config", node(config));
        ArrayNode array = manifest.putArray("layers");
        layers.forEach(layer -> array.add(node(layer)));
        Descriptor written = document(MediaType.OCI_MANIFEST, manifest);
        return new Descriptor(
                written.mediaType(),
                written.digest(),
                written.size(),
                Map.of(),
                Optional.of(image.platform()),
                "",
                List.of());
    }

    private static ObjectNode config(LayoutImage image) {
        ObjectNode config = Json.object();
        config.put("created", image.created().toString());
        platform(config, image.platform());
        config.set("config", execution(image.execution()));
        ObjectNode rootfs = config.putObject("rootfs");
        rootfs.put("type", "layers");
        ArrayNode diffIds = rootfs.putArray("diff_ids");
        ArrayNode history = config.putArray("history");
        for (LayerFile layer : image.layers()) {
            diffIds.add(layer.diffId().toString());
            history.addObject().put("created", image.created().toString()).put("created_by", layer.createdBy());
        }
        return config;
    }

    private static ObjectNode execution(ImageConfig.Execution execution) {
        ObjectNode node = Json.object();
        if (!execution.user().isEmpty()) {
            node.put("User", execution.user());
        }
        strings(node, "Env", execution.env());
        strings(node, "Entrypoint", execution.entrypoint());
        strings(node, "Cmd", execution.cmd());
        if (!execution.workingDir().isEmpty()) {
            node.put("WorkingDir", execution.workingDir());
        }
        execution.stopSignal().ifPresent(signal -> node.put("StopSignal", signal));
        if (!execution.labels().isEmpty()) {
            ObjectNode labels = node.putObject("Labels");
            new TreeMap<>(execution.labels()).forEach(labels::put);
        }
        return node;
    }

    private static void strings(ObjectNode node, String name, List<String> values) {
        if (!values.isEmpty()) {
            ArrayNode array = node.putArray(name);
            values.forEach(array::add);
        }
    }

    private static void platform(ObjectNode node, Platform platform) {
        node.put("architecture", platform.architecture());
        node.put("os", platform.os());
        if (!platform.variant().isEmpty()) {
            node.put("variant", platform.variant());
        }
        if (!platform.osVersion().isEmpty()) {
            node.put("os.version", platform.osVersion());
        }
        strings(node, "os.features", platform.osFeatures());
    }

    private static ObjectNode node(Descriptor descriptor) {
        ObjectNode node = Json.object();
        node.put("mediaType", descriptor.mediaType());
        node.put("digest", descriptor.digest().toString());
        node.put("size", descriptor.size());
        descriptor.platform().ifPresent(platform -> platform(node.putObject("platform"), platform));
        return node;
    }

    private void tag(String tag, Descriptor target) throws IOException {
        if (!Route.TAG.matcher(tag).matches()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "tag an image in " + directory + ": not a tag; expected at most 128 letters, digits and _ . -");
        }
        Path file = directory.resolve("index.json");
        ObjectNode index = Json.object();
        index.put("schemaVersion", 2);
        index.put("mediaType", MediaType.OCI_INDEX);
        ArrayNode manifests = index.putArray("manifests");
        for (JsonNode old : present(file)) {
            if (!old.path("annotations")
                    .path(LayoutUpstream.REF_NAME)
                    .asString("")
                    .equals(tag)) {
                manifests.add(old);
            }
        }
        ObjectNode entry = node(target);
        entry.putObject("annotations").put(LayoutUpstream.REF_NAME, tag);
        manifests.add(entry);
        replace(file, Json.bytes(index));
    }

    private static Iterable<JsonNode> present(Path index) throws IOException {
        try {
            byte[] bytes = Files.readAllBytes(index);
            return Json.parseObject(ByteBuffer.wrap(bytes), index.toString()).path("manifests");
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    private Descriptor document(String mediaType, JsonNode document) throws IOException {
        return blob(mediaType, new ByteArrayInputStream(Json.bytes(document)));
    }

    private Descriptor blob(String mediaType, InputStream bytes) throws IOException {
        Path blobs = directory.resolve("blobs").resolve("sha256");
        Path partial = Files.createTempFile(blobs, ".partial-", "");
        try {
            MessageDigest hasher = Digest.newHasher("sha256");
            long size = 0;
            try (FileChannel out = FileChannel.open(partial, StandardOpenOption.WRITE)) {
                byte[] buffer = new byte[BUFFER];
                for (int count = bytes.read(buffer); count >= 0; count = bytes.read(buffer)) {
                    hasher.update(buffer, 0, count);
                    writeAll(out, ByteBuffer.wrap(buffer, 0, count));
                    size += count;
                }
                out.force(true);
            }
            Digest digest = Digest.finish("sha256", hasher);
            readable(partial);
            Files.move(partial, blobs.resolve(digest.hex()), StandardCopyOption.ATOMIC_MOVE);
            return new Descriptor(mediaType, digest, size);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private void replace(Path file, byte[] content) throws IOException {
        Path partial = Files.createTempFile(directory, ".partial-", "");
        try {
            try (FileChannel out = FileChannel.open(partial, StandardOpenOption.WRITE)) {
                writeAll(out, ByteBuffer.wrap(content));
                out.force(true);
            }
            readable(partial);
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private static void writeAll(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    /// Temporary files are made for their owner only; a layout is for everybody.
    private static void readable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }

    private ImageException failure(IOException e) {
        return new ImageException(
                ErrorKind.UNAVAILABLE,
                "write an image into " + directory + ": " + e.getMessage()
                        + "; expected readable layers and a directory with space that may be written to",
                e);
    }
}
