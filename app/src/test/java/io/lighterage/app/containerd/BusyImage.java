package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.app.Main;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Platform;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.mirror.LayerFile;
import io.lighterage.mirror.LayoutImage;
import io.lighterage.mirror.LayoutWriter;
import io.lighterage.proxyplugin.Programs;
import io.lighterage.stargz.tar.Tars;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;

/// An image that runs: busybox, below layers that write, replace, hide, link and remove.
final class BusyImage {
    private static final Platform PLATFORM = new Platform("linux", "amd64", "");

    private BusyImage() {}

    /// @param large bytes of a file that no start reads
    static List<byte[]> layers(int large) throws IOException {
        byte[] busybox = Files.readAllBytes(Objects.requireNonNull(Programs.find("busybox")));
        byte[] noise = new byte[large];
        new Random(large).nextBytes(noise);
        return List.of(
                Tars.tarOf(
                        Tars.dir("bin/"),
                        Tars.file("bin/busybox", busybox).mode(0755),
                        Tars.symlink("bin/sh", "busybox"),
                        Tars.dir("etc/"),
                        Tars.file("etc/removed", "below"),
                        Tars.file("etc/replaced", "below"),
                        Tars.dir("hidden/"),
                        Tars.file("hidden/below", "below")),
                Tars.tarOf(
                        Tars.dir("etc/"),
                        Tars.whiteout("etc/removed"),
                        Tars.file("etc/replaced", "above"),
                        Tars.hardlink("etc/link", "etc/replaced"),
                        Tars.dir("hidden/"),
                        Tars.opaque("hidden"),
                        Tars.file("hidden/above", "above"),
                        Tars.file("noise", noise)),
                Tars.tarOf(Tars.file("top", "top"), Tars.dir("many/"), Tars.file("many/one", "1")));
    }

    /// Writes layers as they are.
    static Path plain(Path layout, List<byte[]> layers) {
        LayoutWriter.write(layout, "latest", PLATFORM, files(layers));
        return layout;
    }

    /// What a pod's own container runs, which does nothing until it is told to end.
    static Path pause(Path layout) throws IOException {
        ImageConfig.Execution sleep = new ImageConfig.Execution(
                "", List.of(), List.of("/bin/busybox", "sleep", "3600"), List.of(), "/", Optional.empty(), Map.of());
        new LayoutWriter(layout)
                .write(
                        "latest",
                        new LayoutImage(
                                PLATFORM,
                                Instant.EPOCH,
                                sleep,
                                files(List.of(layers(0).get(0)))));
        return layout;
    }

    private static List<LayerFile> files(List<byte[]> layers) {
        List<LayerFile> files = new ArrayList<>();
        for (byte[] tar : layers) {
            files.add(new LayerFile(
                    MediaType.OCI_LAYER, Digest.sha256(tar), "test", () -> new ByteArrayInputStream(tar)));
        }
        return files;
    }

    /// The same with layers that can be read in parts.
    static Path lazy(Path layout, Path plain, Path work) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
        int code = Main.run(
                List.of(
                        "convert",
                        "--root",
                        work.toString(),
                        "--to",
                        "estargz",
                        "oci:" + plain,
                        "oci:" + layout + ":latest"),
                stream,
                stream,
                Map.of());
        assertThat(code).as(said.toString(StandardCharsets.UTF_8)).isZero();
        return layout;
    }
}
