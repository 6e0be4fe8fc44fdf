package io.lighterage.app;

import static io.lighterage.remotesnapshotter.mount.OrdinaryUser.inside;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Digest;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.lazy.EstargzBlob;
import io.lighterage.remotesnapshotter.lazy.EstargzImage;
import io.lighterage.remotesnapshotter.mount.OrdinaryUser;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The verbs in the hands of somebody who is not root.
@Timeout(180)
class OrdinaryUserMountTest {
    @TempDir
    Path folder;

    @Test
    void anOrdinaryUserMountsReadsAndUnmountsALazyImage() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root, to become somebody else");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        OrdinaryUser.assumeCanMount();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        byte[] read = new byte[100_000];
        byte[] unread = new byte[200_000];
        new Random(1).nextBytes(read);
        new Random(2).nextBytes(unread);
        MemoryUpstream upstream = new MemoryUpstream();
        EstargzBlob layer = new EstargzBlob(new TreeMap<>(Map.of("a", read, "b", unread)), 64 << 10, 0);
        EstargzImage.put(upstream, "app", List.of(layer));
        OrdinaryUser user = new OrdinaryUser(folder);
        Path place = user.own(Files.createDirectory(folder.resolve("mnt")));
        Path root = user.own(Files.createDirectory(folder.resolve("root")));
        List<String> lighter = LighterCommand.java(user.classPath());
        File errors = folder.resolve("errors").toFile();
        try (MirrorServer registry = MirrorServer.start(MirrorOptions.defaults(), upstream)) {
            List<String> mount = new ArrayList<>(lighter);
            mount.addAll(List.of("mount", "--plain-http", "--no-background", "--root=" + root));
            mount.addAll(List.of(registry.hostPort() + "/app:latest", place.toString()));
            Process process = user.start(mount, errors);
            try {
                assertThat(String.valueOf(process.inputReader().readLine()))
                        .as(Files.readString(errors.toPath()))
                        .startsWith("sha256:");
                String command = String.join(" ", lighter);
                assertThat(inside(process, "id -u").strip()).isEqualTo("65534");
                assertThat(inside(process, "sha256sum " + place + "/a"))
                        .startsWith(Digest.sha256(read).hex());
                assertThat(inside(process, command + " status --json --root=" + root))
                        .contains("\"way\":\"FUSE\"", "\"bytesHere\":100000,", "\"bytesTotal\":300000,");
                String ignored = inside(process, command + " umount " + place + " --root=" + root);
                assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(process.exitValue())
                        .as(Files.readString(errors.toPath()))
                        .isZero();
            } finally {
                process.destroyForcibly();
            }
        }
    }
}
