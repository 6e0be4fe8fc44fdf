package io.lighterage.runtime.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.runtime.ConvertOptions;
import io.lighterage.runtime.ConvertedImage;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.ProgressListener;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.UnpackForm;
import io.lighterage.stargz.format.LayerForm;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Real images converted, and what the tools of others make of them.
class ConvertInteropTest {
    @TempDir
    Path folder;

    @BeforeEach
    void programs() {
        Programs.require("skopeo", "umoci");
    }

    private ConvertedImage convert(Path layout, LayerForm form) {
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")))) {
            return runtime.convert(
                    "oci:" + layout + ":latest",
                    "oci:" + folder.resolve("converted") + ":new",
                    ConvertOptions.to(form),
                    ProgressListener.NONE);
        }
    }

    private void copyWithSkopeo() throws Exception {
        Programs.run(
                "skopeo",
                "copy",
                "-q",
                "oci:" + folder.resolve("converted") + ":new",
                "oci:" + folder.resolve("copied") + ":new");
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void skopeoCopiesAConvertedImageAsItIs(LayerForm form) throws Exception {
        Path layout = RealImages.layout("web");
        ConvertedImage made = convert(layout, form);
        copyWithSkopeo();
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")))) {
            String copied = "oci:" + folder.resolve("copied") + ":new";
            assertThat(runtime.documents(copied, Optional.empty(), true)
                            .target()
                            .digest())
                    .isEqualTo(made.target().digest());
            Path before = unpack(runtime, "oci:" + layout + ":latest", "before");
            Path after = unpack(runtime, copied, "after");
            assertThat(differences(before, after)).isEmpty();
        }
    }

    @Test
    void umociUnpacksEstargzToTheSameTree() throws Exception {
        Path layout = RealImages.layout("perl");
        convert(layout, LayerForm.ESTARGZ);
        Programs.run(
                "umoci",
                "unpack",
                "--image",
                layout + ":latest",
                folder.resolve("original").toString());
        Programs.run(
                "umoci",
                "unpack",
                "--image",
                folder.resolve("converted") + ":new",
                folder.resolve("bundle").toString());
        assertThat(differences(folder.resolve("original/rootfs"), folder.resolve("bundle/rootfs")))
                .isEmpty();
    }

    private Path unpack(ImageRuntime runtime, String reference, String target) {
        return runtime.unpack(
                        reference, Optional.empty(), folder.resolve(target), UnpackForm.MERGED, ProgressListener.NONE)
                .roots()
                .getFirst();
    }

    /// A plain unpack shows the format's own entries too.
    private static List<String> differences(Path before, Path after) {
        return TreeListing.of(before).differences(TreeListing.of(after), TreeListing.Ignore.ROOT).stream()
                .filter(line -> !line.contains("landmark") && !line.contains("stargz.index.json"))
                .toList();
    }
}
