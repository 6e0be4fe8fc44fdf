package io.lighterage.runtime.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.remotesnapshotter.apply.TreeListing;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.LazyMount;
import io.lighterage.runtime.MountRequest;
import io.lighterage.runtime.ProgressListener;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.UnpackForm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Images that `ctr-remote` of stargz-snapshotter converted in ways that came with its version 0.13: tables of
/// contents in a second image, several files in one gzip member.
///
/// Debian 12 has 0.12; `-Dlighterage.ctr-remote=PROGRAM` names a later one.
class ExternalTocInteropTest {
    private static final String PROGRAM = System.getProperty("lighterage.ctr-remote", "ctr-remote");

    @TempDir
    Path folder;

    private Path mountPoint;

    @BeforeEach
    void programs() throws Exception {
        Programs.require("containerd", "ctr", "docker-registry", PROGRAM);
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        String usage = Programs.attempt(List.of(PROGRAM, "images", "convert", "--help"))
                .output();
        assumeTrue(
                usage.contains("--estargz-external-toc"),
                PROGRAM + " cannot put tables of contents into a second image; needs that of stargz-snapshotter 0.13"
                        + " or later, named by -Dlighterage.ctr-remote");
        mountPoint = Files.createDirectory(folder.resolve("mnt"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--estargz-external-toc",
                "--estargz-external-toc --estargz-min-chunk-size 65536",
                "--estargz-external-toc --estargz-keep-diff-id",
                "--estargz-min-chunk-size 65536"
            })
    void theMountedTreeEqualsTheUnpackedOneAndNoLayerIsPulled(String options) throws Exception {
        Path layout = RealImages.layout("net");
        try (DockerRegistry registry = DockerRegistry.start(folder.resolve("registry"), "", "");
                ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")))) {
            String image = registry.hostPort() + "/app:latest";
            push(layout, image, options);
            Path unpacked = runtime.unpack(
                            "oci:" + layout + ":latest",
                            Optional.empty(),
                            folder.resolve("unpacked"),
                            UnpackForm.MERGED,
                            ProgressListener.NONE)
                    .roots()
                    .getFirst();
            MountRequest request = MountRequest.of(image, mountPoint)
                    .withOptions(LazyOptions.defaults().withBackground(false));
            try (LazyMount mounted = runtime.mount(request, ProgressListener.NONE)) {
                assertThat(mounted.report().bytesHere()).isZero();
                assertThat(TreeListing.of(unpacked).differences(TreeListing.of(mounted.at()), TreeListing.Ignore.ROOT))
                        .isEmpty();
            }
        }
    }

    private void push(Path layout, String image, String options) throws Exception {
        Path archive = folder.resolve("image.tar");
        Programs.run("tar", "-C", layout.toString(), "-cf", archive.toString(), ".");
        Path state = folder.resolve("containerd");
        try (Containerd containerd = Containerd.start(state)) {
            containerd.ctr("image", "import", "--no-unpack", "--base-name", "test", archive.toString());
            List<String> convert = new ArrayList<>(List.of(PROGRAM, "--address", state + "/c.sock", "images"));
            convert.addAll(List.of("convert", "--oci", "--estargz"));
            convert.addAll(List.of(options.split(" ")));
            convert.addAll(List.of("test:latest", image));
            Programs.run(convert.toArray(String[]::new));
            containerd.ctr("image", "push", "--plain-http", image);
            if (options.contains("external")) {
                containerd.ctr("image", "push", "--plain-http", image + "-esgztoc");
            }
        }
    }
}
