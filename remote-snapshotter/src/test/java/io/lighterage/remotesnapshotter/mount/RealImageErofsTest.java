package io.lighterage.remotesnapshotter.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.linux.KernelFacts;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.remotesnapshotter.apply.ApplyOptions;
import io.lighterage.remotesnapshotter.apply.LayerUnpacker;
import io.lighterage.remotesnapshotter.apply.LayoutImage;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.remotesnapshotter.erofs.ErofsHeader;
import io.lighterage.remotesnapshotter.erofs.ErofsImage;
import io.lighterage.remotesnapshotter.erofs.ErofsMount;
import io.lighterage.remotesnapshotter.erofs.ErofsMounter;
import io.lighterage.remotesnapshotter.lazy.LazyImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Images made of Debian packages, mounted from their flat files without a process of ours, and unpacked.
class RealImageErofsTest {
    private static final List<String> IMAGES =
            Boolean.getBoolean("lighterage.full") ? List.of("py", "perl", "git", "net", "web") : List.of("web");

    @TempDir
    Path scratch;

    @AfterEach
    void end() throws IOException {
        Trees.clean(scratch);
    }

    @Test
    void anImageFromItsFlatFilesIsTheUnpackedOne() throws Exception {
        Unpacking.assumeRoot();
        assumeTrue(KernelFacts.read().erofs() != KernelFacts.Support.ABSENT, "needs a kernel with EROFS");
        for (String name : IMAGES) {
            agrees(name, RealImageTest.layout(name));
        }
    }

    private void agrees(String name, Path layout) throws Exception {
        LayoutImage image = LayoutImage.read(layout);
        Path place = Files.createDirectories(scratch.resolve(name));
        Path unpacked = place.resolve("unpacked");
        List<Descriptor> layers = new ArrayList<>();
        for (LayoutImage.Layer layer : image.layers()) {
            byte[] blob = Files.readAllBytes(layer.blob());
            layers.add(new Descriptor(RealImageTest.LAYER, layer.digest(), blob.length));
            new LayerUnpacker(new NativeFileCalls())
                    .unpack(Unpacking.blobOf(blob), layer.diffId(), unpacked, ApplyOptions.merged("l"), count -> {});
        }
        RealImageTest.open(place.resolve("root"), layout, layers, image, lazy -> {
            Path target = Files.createDirectories(place.resolve("mount"));
            try (ErofsMount mount = mount(lazy, place.resolve("meta"), target)) {
                TreeListing seen = TreeListing.of(mount.at());
                assertThat(seen.nodes()).hasSizeGreaterThan(1000);
                assertThat(seen.differences(TreeListing.of(unpacked), TreeListing.Ignore.ROOT))
                        .as(name)
                        .isEmpty();
            }
        });
    }

    private static ErofsMount mount(LazyImage lazy, Path metadata, Path target) {
        ImageErofsTree tree = new ImageErofsTree(ImageTree.of(lazy));
        ErofsHeader header = ErofsImage.write(metadata, tree);
        assertThat(ErofsImage.verify(metadata)).isEqualTo(header);
        assertThat(header.bytes() / header.inodes()).isLessThan(130);
        List<Path> devices = tree.deviceLayers().stream()
                .map(layer -> lazy.layers().get(layer).content().path())
                .toList();
        return ErofsMounter.ofThisMachine().mount(metadata, devices, target);
    }
}
