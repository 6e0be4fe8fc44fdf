package io.lighterage.remotesnapshotter.mount;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.linux.KernelFacts;
import io.lighterage.remotesnapshotter.apply.RandomLayers;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.remotesnapshotter.erofs.ErofsImage;
import io.lighterage.remotesnapshotter.erofs.ErofsMount;
import io.lighterage.remotesnapshotter.erofs.ErofsMounter;
import io.lighterage.stargz.index.IndexedTar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// All layers in one EROFS image are what unpacking them one on another gives, and what FUSE shows of them.
class ImageErofsTest {
    @TempDir
    Path scratch;

    @BeforeEach
    void begin() {
        Unpacking.assumeRoot();
        Assumptions.assumeTrue(KernelFacts.read().erofs() != KernelFacts.Support.ABSENT, "needs a kernel with EROFS");
    }

    @AfterEach
    void end() throws IOException {
        Trees.clean(scratch);
    }

    private static TreeListing mounted(Path place, byte[]... layers) throws IOException {
        ImageErofsTree tree = new ImageErofsTree(Trees.of(layers));
        Path metadata = place.resolve("layer-meta");
        ErofsImage.write(metadata, tree);
        List<Path> devices = new ArrayList<>();
        for (int layer : tree.deviceLayers()) {
            byte[] flat = IndexedTar.of(layers[layer], 1000).flat();
            devices.add(Files.write(place.resolve("layer-flat" + layer), flat));
        }
        Path target = Files.createDirectories(place.resolve("layer-mount"));
        try (ErofsMount mount = ErofsMounter.ofThisMachine().mount(metadata, devices, target)) {
            return TreeListing.of(mount.at());
        }
    }

    private static void agrees(String of, Path place, byte[]... layers) throws IOException {
        Unpacking unpacking = new Unpacking(place);
        unpacking.merged(layers);
        assertThat(mounted(place, layers).differences(unpacking.listing(), TreeListing.Ignore.ROOT))
                .as("mounted, then unpacked%s", of)
                .isEmpty();
    }

    @Test
    void layersHideReplaceAndLinkToEachOther() throws IOException {
        byte[][] layers = {
            tarOf(
                    dir("usr/lib").mode(0711).owner(5, 6).xattr("user.x", "1"),
                    file("usr/lib/a", "one").mode(0640).owner(3, 4).time(50, 5),
                    file("usr/lib/gone", "two"),
                    symlink("lib", "usr/lib"),
                    dir("e"),
                    file("e/low", "3"),
                    file("kept", "three")),
            tarOf(dir("without-bytes"), whiteout("usr/lib/gone")),
            tarOf(
                    hardlink("a2", "usr/lib/a"),
                    hardlink("through", "lib/a"),
                    file("usr/lib/new", "4"),
                    file("e/new", "5"),
                    opaque("e"),
                    hardlink("kept2", "kept"))
        };
        agrees("", scratch, layers);
        TreeListing seen = mounted(scratch, layers);
        assertThat(seen.at("a2").links()).isEqualTo(3);
        assertThat(seen.paths()).doesNotContain("usr/lib/gone", "e/low");
        Trees.assumeFuse();
        try (MountedTree fuse = Trees.mount(Trees.of(layers), scratch.resolve("layer-fuse"))) {
            assertThat(seen.differences(TreeListing.of(fuse.at()), TreeListing.Ignore.NOTHING))
                    .as("over EROFS, then over FUSE")
                    .isEmpty();
        }
    }

    @Test
    void randomLayersLookTheSameInOneImageAndUnpacked() throws IOException {
        int rounds = Boolean.getBoolean("lighterage.full") ? 1000 : 40;
        for (int round = 0; round < rounds; round++) {
            long seed = 7000L + round;
            byte[][] layers = new RandomLayers(seed, false).next(4).toArray(byte[][]::new);
            agrees(", of seed " + seed, Files.createDirectories(scratch.resolve("seed" + seed)), layers);
        }
    }

    @Test
    void aHundredLayersAreAHundredDevices() throws IOException {
        byte[][] layers = new byte[100][];
        Arrays.setAll(layers, layer -> tarOf(file("f" + layer, "content " + layer), file("same", "is " + layer)));
        TreeListing seen = mounted(scratch, layers);
        agrees("", scratch, layers);
        assertThat(seen.paths()).hasSize(101);
    }
}
