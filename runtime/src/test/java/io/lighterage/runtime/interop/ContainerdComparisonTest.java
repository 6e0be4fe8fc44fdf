package io.lighterage.runtime.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.ProgressListener;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.UnpackForm;
import io.lighterage.runtime.UnpackedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Real images beside what containerd makes of them.
class ContainerdComparisonTest {
    /// Containerd sets times before 1970 to 1970; overlayfs counts links that a later layer hides.
    private static final TreeListing.Ignore CONTAINERD = new TreeListing.Ignore(true, true, false, true);

    private static final Pattern TIME = Pattern.compile(".*: time (\\d+)s\\d+ns, .*", Pattern.DOTALL);

    @TempDir
    Path folder;

    @BeforeEach
    void programs() {
        Programs.require("containerd", "ctr");
    }

    static List<String> images() {
        return RealImages.NAMES;
    }

    @ParameterizedTest
    @MethodSource("images")
    void unpackedTreeEqualsContainerds(String name) throws Exception {
        Path layout = RealImages.layout(name);
        Path archive = folder.resolve("image.tar");
        Programs.run("tar", "-C", layout.toString(), "-cf", archive.toString(), ".");
        Path merged = Files.createDirectory(folder.resolve("merged"));
        long begun = Instant.now().getEpochSecond();
        try (Containerd containerd = Containerd.start(folder.resolve("containerd"))) {
            Programs.Result imported = containerd.attempt("image", "import", "--base-name", "test", archive.toString());
            assumeThat(imported.output())
                    .as("containerd refuses hard links into lower layers, which this image has")
                    .doesNotContain("failed to create hard link");
            assertThat(imported.code()).as(imported.output()).isZero();
            containerd.ctr("image", "mount", "test:latest", merged.toString());
            try {
                TreeListing theirs = TreeListing.of(merged);
                assertThat(theirs.differences(TreeListing.of(unpack(layout)), CONTAINERD))
                        .filteredOn(difference -> !isTimeOfUnpacking(difference, begun))
                        .isEmpty();
            } finally {
                Programs.run("umount", merged.toString());
            }
        }
    }

    /// Containerd gives directories that a layer works in without naming them the time of the unpacking; umoci and
    /// we leave them theirs.
    private static boolean isTimeOfUnpacking(String difference, long begun) {
        Matcher time = TIME.matcher(difference);
        return time.matches() && Long.parseLong(time.group(1)) >= begun;
    }

    private Path unpack(Path layout) {
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")))) {
            UnpackedImage image = runtime.unpack(
                    "oci:" + layout + ":latest",
                    Optional.empty(),
                    folder.resolve("tree"),
                    UnpackForm.MERGED,
                    ProgressListener.NONE);
            return image.roots().getFirst();
        }
    }
}
