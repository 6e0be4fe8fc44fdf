package io.lighterage.remotesnapshotter.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.disk.LocalStore;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.remotesnapshotter.apply.ApplyOptions;
import io.lighterage.remotesnapshotter.apply.LayerUnpacker;
import io.lighterage.remotesnapshotter.apply.LayoutImage;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.remotesnapshotter.fetch.FetchListener;
import io.lighterage.remotesnapshotter.lazy.LayerCache;
import io.lighterage.remotesnapshotter.lazy.LazyImage;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.resolver.Resolvers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// An image made of Debian packages, opened as a mount opens it, and unpacked.
class RealImageTest {
    static final String LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

    @TempDir
    Path scratch;

    @AfterEach
    void end() throws IOException {
        Trees.clean(scratch);
    }

    /// The layout of an image that `bench/images/make` has made; skips the test, saying so, when it was not.
    static Path layout(String name) {
        String images = System.getProperty("lighterage.images", "");
        Path layout = Path.of(images).resolve(name);
        assumeTrue(
                !images.isEmpty() && Files.exists(layout.resolve("index.json")),
                "needs the image " + layout + "; ./verify makes it with bench/images/make");
        return layout;
    }

    @ParameterizedTest
    @EnumSource(Mounting.class)
    void aMountedImageIsTheUnpackedOne(Mounting by) throws Exception {
        by.assumeWorks();
        Path layout = layout("py");
        LayoutImage image = LayoutImage.read(layout);
        Path unpacked = scratch.resolve("unpacked");
        List<Descriptor> layers = new ArrayList<>();
        for (LayoutImage.Layer layer : image.layers()) {
            byte[] blob = Files.readAllBytes(layer.blob());
            layers.add(new Descriptor(LAYER, layer.digest(), blob.length));
            new LayerUnpacker(new NativeFileCalls())
                    .unpack(Unpacking.blobOf(blob), layer.diffId(), unpacked, ApplyOptions.merged("l"), count -> {});
        }
        open(scratch.resolve("root"), layout, layers, image, lazy -> {
            try (MountedTree mounted = by.mount(ImageTree.of(lazy), scratch.resolve("mount"))) {
                TreeListing seen = TreeListing.of(mounted.at());
                assertThat(seen.nodes()).hasSizeGreaterThan(1000);
                assertThat(seen.differences(TreeListing.of(unpacked), TreeListing.Ignore.ROOT))
                        .isEmpty();
            }
        });
    }

    /// What a test does with an open image.
    interface Use {
        void of(LazyImage image) throws IOException;
    }

    /// Opens an image as a mount does.
    static void open(Path root, Path layout, List<Descriptor> layers, LayoutImage image, Use use) throws IOException {
        List<Digest> diffIds =
                image.layers().stream().map(LayoutImage.Layer::diffId).toList();
        var source = Resolvers.installed().open("oci:" + layout, ResolverConfig.defaults());
        try (LayerCache cache = new LayerCache(root);
                LocalStore store = LocalStore.open(root, (document, bytes) -> List.of(), Clock.systemUTC());
                LazyImage lazy = LazyImage.open(
                        cache,
                        store.namespace("default").content(),
                        source,
                        "image",
                        layers,
                        () -> diffIds,
                        LazyOptions.defaults(),
                        new Silent())) {
            use.of(lazy);
        }
    }

    private static final class Silent implements FetchListener {
        @Override
        public void waiting(Descriptor blob) {}

        @Override
        public void present(Descriptor blob) {}

        @Override
        public void started(Descriptor blob, long resumed) {}

        @Override
        public void received(Descriptor blob, long bytes) {}

        @Override
        public void stored(Descriptor blob) {}
    }
}
