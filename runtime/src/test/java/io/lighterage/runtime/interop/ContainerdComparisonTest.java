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
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Real images beside what containerd makes of them.
class ContainerdComparisonTest {
    /// Containerd sets times before 1970 to 1970; overlayfs counts links that a later layer hides.
    private static final TreeListing.Ignore CONTAINERD = new TreeListing.Ignore(true, true, false, true);

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
        try (Containerd containerd = Containerd.start(folder.resolve("containerd"))) {
            Programs.Result imported = containerd.attempt("image", "import", "--base-name", "test", archive.toString());
            assumeThat(imported.output())
                    .as("containerd refuses hard links into lower layers, which this image has")
                    .doesNotContain("failed to create hard link");
            assertThat(imported.code()).as(imported.output()).isZero();
            containerd.ctr("image", "mount", "test:latest", merged.toString());
            try {
                assertThat(TreeListing.of(merged).differences(TreeListing.of(unpack(layout)), CONTAINERD))
                        .isEmpty();
            } finally {
                Programs.run("umount", merged.toString());
            }
        }
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
