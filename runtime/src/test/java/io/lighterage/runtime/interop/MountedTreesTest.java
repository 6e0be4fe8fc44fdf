package io.lighterage.runtime.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.LazyMount;
import io.lighterage.runtime.MountRequest;
import io.lighterage.runtime.MountWay;
import io.lighterage.runtime.ProgressListener;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.UnpackForm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

    private static final Pattern TIME = Pattern.compile(".*: time (-?\\d+)s\\d+ns, (-?\\d+)s\\d+ns", Pattern.DOTALL);

    @TempDir
    Path folder;

    /// Every image in every form with full counts; else each form of one image, and each image in one of ours.
    static List<Arguments> images() {
        List<Arguments> all = new ArrayList<>();
        boolean full = Boolean.getBoolean("lighterage.full");
        for (String name : RealImages.NAMES) {
            for (ConvertedImages form : ConvertedImages.values()) {
                boolean usual = name.equals("web") || form == ConvertedImages.OUR_ESTARGZ;
                // One name of `py` is not UTF-8: tables of contents, which are JSON, cannot hold it.
                boolean possible = !name.equals("py") || form == ConvertedImages.PLAIN;
                if (possible && (full || usual || form == ConvertedImages.PLAIN)) {
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
        compare(RealImages.layout(name), form);
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "OUR_ESTARGZ"})
    void anImageOfVeryManyFilesIsTheUnpackedOne(ConvertedImages form) throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        HandMadeLayout layout = HandMadeLayout.at(folder.resolve("large"));
        layout.layers(new LargeLayers(1, Boolean.getBoolean("lighterage.full") ? 100_000 : 10_000).make());
        compare(layout.folder(), form);
    }

    /// skopeo 1.9 leaves out zeros behind the end of an archive, so what its layers hold is not what the configuration
    /// says, and unpacking them whole is refused as it should be. The mount has only the original to compare with.
    private void compare(Path layout, ConvertedImages form) throws Exception {
        String reference = form.make(layout, folder);
        Path at = Files.createDirectory(folder.resolve("mnt"));
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")))) {
            TreeListing original = unpacked(runtime, "oci:" + layout + ":latest", "original");
            MountRequest request = MountRequest.of(reference, at).withWay(MountWay.AUTO);
            try (LazyMount _ = runtime.mount(request, ProgressListener.NONE)) {
                TreeListing mounted = TreeListing.of(at);
                assertThat(mounted.nodes()).hasSizeGreaterThan(100);
                assertThat(mounted.differences(original, TreeListing.Ignore.ROOT))
                        .filteredOn(line -> form == ConvertedImages.PLAIN || !isPrecision(line))
                        .isEmpty();
                if (form != ConvertedImages.SKOPEO_ZSTD_CHUNKED) {
                    TreeListing same = unpacked(runtime, reference, "same");
                    assertThat(mounted.differences(same, TreeListing.Ignore.ROOT))
                            .filteredOn(line -> !OF_THE_FORMAT.matcher(line).matches() && !isPrecision(line))
                            .isEmpty();
                }
            }
        }
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
