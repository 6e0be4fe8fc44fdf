package io.lighterage.app.demo;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.mirror.LayerFile;
import io.lighterage.mirror.LayoutWriter;
import io.lighterage.resolver.PlatformMatcher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// An image of three layers made from files of this machine: programs, libraries, and a small application that
/// replaces one file of the layers below it and removes another. The same files always give the same image.
///
/// @param manifest its manifest
/// @param layers how many
/// @param entries tar entries in all
/// @param bytes uncompressed bytes of all layers
/// @param compressed bytes as stored
public record SampleImage(Descriptor manifest, int layers, long entries, long bytes, long compressed) {
    /// Enough to see the bars move, little enough to be made in a second or two.
    private static final long PROGRAM_BYTES = 18_000_000;

    private static final long LIBRARY_BYTES = 25_000_000;
    private static final long DOCUMENT_BYTES = 6_000_000;

    /// Writes the image as an OCI layout, tagged `latest`.
    ///
    /// @param layout directory for the layout, created
    /// @param work directory for the layers while they are made
    public static SampleImage write(Path layout, Path work) {
        try {
            List<SampleLayer> layers = List.of(programs(work), libraries(work), application(work));
            List<LayerFile> files = new ArrayList<>();
            for (SampleLayer layer : layers) {
                files.add(new LayerFile(
                        MediaType.OCI_LAYER_GZIP,
                        layer.diffId(),
                        layer.title(),
                        () -> Files.newInputStream(layer.file())));
            }
            Descriptor manifest = LayoutWriter.write(layout, "latest", PlatformMatcher.host(), files);
            long compressed = 0;
            for (SampleLayer layer : layers) {
                compressed += Files.size(layer.file());
                Files.delete(layer.file());
            }
            return new SampleImage(
                    manifest,
                    layers.size(),
                    layers.stream().mapToLong(SampleLayer::entries).sum(),
                    layers.stream().mapToLong(SampleLayer::bytes).sum(),
                    compressed);
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.UNAVAILABLE,
                    "making the sample image in " + work + " failed: " + e.getMessage()
                            + "; expected a folder with 100 MB free",
                    e);
        }
    }

    private static SampleLayer programs(Path work) throws IOException {
        try (SampleLayer.Writer layer = new SampleLayer.Writer("programs of this machine", work.resolve("programs"))) {
            layer.directory("etc/").directory("usr/").directory("usr/bin/").symlink("bin", "usr/bin");
            layer.text("etc/motd", "This file will be replaced by a layer above.\n");
            layer.text("etc/forgotten", "This file will be removed by a layer above.\n");
            layer.folder(Path.of("/usr/bin"), "usr/bin/", PROGRAM_BYTES);
            layer.text("usr/bin/hello", "#!/bin/sh\necho hello from a sample image\n");
            layer.hardLink("usr/bin/good-day", "usr/bin/hello");
            return layer.finish();
        }
    }

    private static SampleLayer libraries(Path work) throws IOException {
        Path java = Path.of(System.getProperty("java.home", "/usr"));
        try (SampleLayer.Writer layer =
                new SampleLayer.Writer("libraries of this machine", work.resolve("libraries"))) {
            layer.directory("usr/")
                    .directory("usr/lib/")
                    .directory("usr/share/")
                    .directory("usr/share/legal/");
            layer.folder(java.resolve("lib"), "usr/lib/", LIBRARY_BYTES);
            layer.folder(java.resolve("lib").resolve("server"), "usr/lib/", LIBRARY_BYTES);
            layer.tree(java.resolve("legal"), "usr/share/legal/", DOCUMENT_BYTES);
            return layer.finish();
        }
    }

    private static SampleLayer application(Path work) throws IOException {
        try (SampleLayer.Writer layer = new SampleLayer.Writer("a small application", work.resolve("application"))) {
            layer.directory("app/").directory("etc/");
            layer.text("app/readme.txt", "A tree that came out of a registry, layer by layer.\n");
            layer.symlink("app/hello", "../usr/bin/hello");
            layer.text("etc/motd", "Welcome aboard.\n");
            layer.text("etc/.wh.forgotten", "");
            return layer.finish();
        }
    }

    /// The digest by which the image is known.
    public Digest digest() {
        return manifest.digest();
    }
}
