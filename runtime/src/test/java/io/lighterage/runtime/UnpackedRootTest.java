package io.lighterage.runtime;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The root of an unpacked tree, through which every user of a container has to go.
class UnpackedRootTest {
    @TempDir
    Path folder;

    private String unpacked(byte[]... tars) throws IOException {
        MemoryUpstream upstream = new MemoryUpstream();
        TestImage.put(upstream, "app", tars);
        Path tree = folder.resolve("tree");
        try (MirrorServer mirror = MirrorServer.start(MirrorOptions.defaults(), upstream);
                ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")))) {
            UnpackedImage ignored = runtime.unpack(
                    mirror.hostPort() + "/app:latest",
                    Optional.empty(),
                    tree,
                    UnpackForm.MERGED,
                    ProgressListener.NONE);
        }
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(tree));
    }

    @Test
    void ofAnImageThatSaysNothingOfItEverybodyMayEnter() throws IOException {
        assertThat(unpacked(tarOf(file("a", "a")))).isEqualTo("rwxr-xr-x");
    }

    @Test
    void isAsTheImageSays() throws IOException {
        assertThat(unpacked(tarOf(dir("./").mode(0710), file("a", "a")))).isEqualTo("rwx--x---");
    }
}
