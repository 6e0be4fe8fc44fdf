package io.lighterage.runtime.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.remotesnapshotter.lazy.LazyLayer;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.LazyMount;
import io.lighterage.runtime.MountRequest;
import io.lighterage.runtime.MountWay;
import io.lighterage.runtime.OpenedImage;
import io.lighterage.runtime.ProgressListener;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.UnpackForm;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Real images read through the mount are the images unpacked, whoever made their layers.
class MountedTreesTest {
    /// Entries of the format itself, which a plain unpack shows and a mount does not.
    private static final Pattern OF_THE_FORMAT =
            Pattern.compile("(\\.no\\.prefetch\\.landmark|\\.prefetch\\.landmark|stargz\\.index\\.json): .*");

    private static final boolean FULL = Boolean.getBoolean("lighterage.full");

    /// As EROFS where the kernel has it, and as `lighter mount` does unless told otherwise.
    private static final List<MountWay> BOTH = List.of(MountWay.AUTO, MountWay.TREE);

    private static final Pattern TIME = Pattern.compile(".*: time (-?\\d+)s\\d+ns, (-?\\d+)s\\d+ns", Pattern.DOTALL);

    @TempDir
    Path folder;

    /// Every image in every form with full counts; else each form of one image, and each image in one of ours.
    static List<Arguments> images() {
        List<Arguments> all = new ArrayList<>();
        for (String name : RealImages.NAMES) {
            for (ConvertedImages form : ConvertedImages.values()) {
                boolean usual = name.equals("web") || form == ConvertedImages.OUR_ESTARGZ;
                // One name of `py` is not UTF-8: tables of contents, which are JSON, cannot hold it.
                boolean possible = !name.equals("py") || form == ConvertedImages.PLAIN;
                if (possible && (FULL || usual || form == ConvertedImages.PLAIN)) {
                    all.add(Arguments.of(name, form));
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("images")
    void aMountedImageIsTheUnpackedOne(String name, ConvertedImages form) throws Exception {
        Programs.require("tar");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        boolean bothWays = name.equals("web") || FULL;
        String reference = form.make(RealImages.layout(name), folder);
        if (form == ConvertedImages.CTR_REMOTE_OPTIMIZED) {
            assertThat(open(reference, LayerIndex::prefetchEnd))
                    .as("a landmark")
                    .isPositive();
        }
        compare(RealImages.layout(name), form, reference, bothWays ? BOTH : List.of(MountWay.AUTO));
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "OUR_ESTARGZ"})
    void anImageOfVeryManyFilesIsTheUnpackedOne(ConvertedImages form) throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        HandMadeLayout layout = HandMadeLayout.at(folder.resolve("large"));
        layout.layers(new LargeLayers(1, FULL ? 100_000 : 10_000).make());
        String reference = form.make(layout.folder(), folder);
        if (form == ConvertedImages.OUR_ESTARGZ) {
            assertThat(linksOfSeveralChunks(reference)).isPositive();
        }
        compare(layout.folder(), form, reference, BOTH);
    }

    /// Files with several names and several chunks: the chunks stand at one of the names, and all must lead there.
    private long linksOfSeveralChunks(String reference) {
        return open(
                reference,
                index -> IntStream.rangeClosed(1, index.fileCount())
                        .filter(file -> index.linkCount(file) > 1)
                        .filter(file -> index.chunkAt(index.flatOffset(file) + index.size(file) - 1)
                                > index.chunkAt(index.flatOffset(file)))
                        .count());
    }

    /// The sum of what is said of each layer.
    private long open(String reference, ToLongFunction<LayerIndex> layer) {
        try (ImageRuntime runtime = runtime("looked-at");
                OpenedImage image = runtime.open(
                        reference,
                        Optional.empty(),
                        LazyOptions.defaults().withBackground(false),
                        false,
                        ProgressListener.NONE)) {
            return image.layers().layers().stream()
                    .map(LazyLayer::index)
                    .mapToLong(layer)
                    .sum();
        }
    }

    /// skopeo 1.9 leaves out zeros behind the end of an archive, so what its layers hold is not what the configuration
    /// says, and unpacking them whole is refused as it should be. The mount has only the original to compare with.
    private void compare(Path layout, ConvertedImages form, String reference, List<MountWay> ways) throws Exception {
        List<TreeListing> unpacked = new ArrayList<>();
        try (ImageRuntime runtime = runtime("root")) {
            unpacked.add(unpacked(runtime, "oci:" + layout + ":latest", "original"));
            if (form != ConvertedImages.SKOPEO_ZSTD_CHUNKED) {
                unpacked.add(unpacked(runtime, reference, "same"));
            }
        }
        for (MountWay way : ways) {
            TreeListing mounted = mounted(reference, way);
            assertThat(mounted.nodes()).hasSizeGreaterThan(100);
            assertThat(mounted.differences(unpacked.getFirst(), TreeListing.Ignore.ROOT))
                    .as("%s beside the original", way)
                    .filteredOn(line -> form == ConvertedImages.PLAIN || !isPrecision(line))
                    .isEmpty();
            assertThat(mounted.differences(unpacked.getLast(), TreeListing.Ignore.ROOT))
                    .as("%s beside the same image", way)
                    .filteredOn(line -> !OF_THE_FORMAT.matcher(line).matches() && !isPrecision(line))
                    .isEmpty();
        }
    }

    /// With a store of its own, so that nothing of the image is here when it is read.
    private TreeListing mounted(String reference, MountWay way) throws IOException {
        Path at = Files.createDirectory(folder.resolve("mnt-" + way));
        MountRequest request = MountRequest.of(reference, at).withWay(way);
        try (ImageRuntime runtime = runtime("root-" + way);
                LazyMount _ = runtime.mount(request, ProgressListener.NONE)) {
            return TreeListing.of(at);
        }
    }

    private ImageRuntime runtime(String root) {
        return ImageRuntime.open(RuntimeConfig.at(folder.resolve(root)));
    }

    private TreeListing unpacked(ImageRuntime runtime, String reference, String target) {
        Path tree = runtime.unpack(
                        reference, Optional.empty(), folder.resolve(target), UnpackForm.MERGED, ProgressListener.NONE)
                .roots()
                .getFirst();
        return TreeListing.of(tree);
    }

    /// Tables of contents hold whole seconds, tar streams may hold fractions.
    private static boolean isPrecision(String difference) {
        Matcher time = TIME.matcher(difference);
        return time.matches() && time.group(1).equals(time.group(2));
    }
}
