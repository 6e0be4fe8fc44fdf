package io.lighterage.app.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.lighterage.app.progress.ProgressDisplay;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.remotesnapshotter.mount.FuseTreeMounter;
import io.lighterage.remotesnapshotter.mount.TreeMounter;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.UnpackForm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Without a background fetch, so that what was received does not depend on how fast this machine is.
@Timeout(120)
class SlowStartTest {
    private static final TreeMounter REFUSES = (tree, directory, options) -> {
        throw new ImageException(ErrorKind.UNSUPPORTED, "no /dev/fuse");
    };

    @TempDir
    Path folder;

    private final List<String> said = new ArrayList<>();
    private Stage stage;
    private StartFiles files;

    @BeforeEach
    void makeTheSampleImage() throws IOException {
        stage = new Stage(folder, SlowStartTest::plainHttp, reference -> ProgressDisplay.NONE, said::add);
        SampleImage.write(stage.at("layout"), folder);
        Path tree = stage.at("tree");
        try (ImageRuntime runtime = stage.open("root")) {
            runtime.unpack(stage.layout("layout"), Optional.empty(), tree, UnpackForm.MERGED, ProgressDisplay.NONE);
        }
        files = StartFiles.choose(tree);
    }

    @Test
    void aLazyStartReceivesAFractionOfWhatAPullDoes() throws IOException {
        StartComparison starts = start(new FuseTreeMounter());
        assumeThat(starts.unmounted()).as("this machine can mount").isEmpty();
        assertThat(starts.lazy().received())
                .isPositive()
                .isLessThan(starts.eager().received() / 3);
        assertThat(stage.at("mount")).as("unmounted again").isEmptyDirectory();
    }

    @Test
    void whereNothingCanBeMountedTheSameBytesAreReadFromTheTree() throws IOException {
        StartComparison starts = start(REFUSES);
        assertThat(starts.unmounted()).contains("no /dev/fuse");
        assertThat(starts.lazy().received())
                .isPositive()
                .isLessThan(starts.eager().received() / 3);
    }

    @Test
    void aStartReadsAFewOfTheFiles() throws IOException {
        assertThat(files.paths()).startsWith("etc/motd", "app/readme.txt", "usr/bin/hello");
        assertThat(files).isEqualTo(StartFiles.choose(stage.at("tree")));
    }

    private StartComparison start(TreeMounter kernel) throws IOException {
        LazyOptions options = LazyOptions.defaults().withBackground(false);
        return new SlowStart(stage, files, new LinkSpeed(1000, Duration.ofMillis(1)), options, kernel).run();
    }

    private static RuntimeConfig plainHttp(Path root) {
        ResolverConfig usual = ResolverConfig.defaults();
        return RuntimeConfig.at(root)
                .withResolver(new ResolverConfig(
                        Optional.empty(),
                        Optional.empty(),
                        true,
                        Optional.empty(),
                        true,
                        usual.concurrency(),
                        usual.timeout(),
                        usual.retries(),
                        Map.of()));
    }
}
