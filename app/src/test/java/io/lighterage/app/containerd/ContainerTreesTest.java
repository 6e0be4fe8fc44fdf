package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.proxyplugin.Containerd;
import io.lighterage.proxyplugin.Programs;
import io.lighterage.remotesnapshotter.apply.TreeListing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What containers make of an image on layers that stay in the registry, beside what they make of it on unpacked ones.
class ContainerTreesTest {
    private static final String SCRIPT = """
            set -e
            echo new >/etc/new
            echo more >>/etc/replaced
            chmod 0600 /top
            chmod 0700 /bin
            mv /etc/link /renamed
            mv /hidden /elsewhere
            rm /many/one
            rm -r /many
            mkdir /many
            echo 2 >/many/two
            ln /renamed /linked
            ln -s ../top /etc/pointer
            truncate -s 1000 /noise
            rm -r /elsewhere
            echo file >/elsewhere
            mkfifo /pipe
            rm /bin/sh
            """;

    @TempDir
    Path folder;

    private MirrorServer registry;
    private ServingProcess serving;
    private Containerd containerd;

    @BeforeEach
    void start() throws Exception {
        Programs.require("containerd", "ctr", "ctr-remote", "runc", "busybox");
        Path plain = BusyImage.plain(folder.resolve("plain"), BusyImage.layers(3_000_000));
        Path lazy = BusyImage.lazy(folder.resolve("lazy"), plain, folder.resolve("work"));
        registry =
                MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream(Map.of("app", lazy, "plain", plain)));
        serving = ServingProcess.start(folder, "--no-background");
        containerd = Containerd.start(folder.resolve("containerd"), serving.socket());
    }

    @AfterEach
    void stop() {
        if (containerd != null) {
            containerd.close();
            serving.close();
        }
        if (registry != null) {
            registry.close();
        }
    }

    private String image(String repository) {
        return registry.hostPort() + "/" + repository + ":latest";
    }

    /// Runs the script in a container, and lists what its snapshot shows then.
    private TreeListing changed(String snapshotter, String image) throws Exception {
        String name = "changed-" + snapshotter;
        containerd.ctr("run", "--snapshotter", snapshotter, image, name, "/bin/sh", "-c", SCRIPT);
        Path target = Files.createDirectory(folder.resolve(name));
        String mount = containerd.ctr("snapshot", "--snapshotter", snapshotter, "mounts", target.toString(), name);
        Programs.run(folder, Map.of(), "sh", "-c", mount);
        try {
            return TreeListing.of(target);
        } finally {
            Programs.run(folder, Map.of(), "umount", target.toString());
        }
    }

    private static final Pattern TIMES = Pattern.compile(".*: time ([0-9]+)s[0-9]+ns, ([0-9]+)s[0-9]+ns");

    /// Of what both containers wrote, each at its time.
    private static boolean isTimeOfWriting(String difference, long began) {
        Matcher times = TIMES.matcher(difference);
        return times.matches() && Long.parseLong(times.group(1)) >= began && Long.parseLong(times.group(2)) >= began;
    }

    @Test
    void whatAContainerChangesIsSeenAsOnUnpackedLayers() throws Exception {
        containerd.rpull(image("app"));
        containerd.ctr("image", "pull", "--plain-http", "--snapshotter", "overlayfs", image("plain"));
        long began = Instant.now().getEpochSecond();
        TreeListing lazy = changed(Containerd.SNAPSHOTTER, image("app"));
        TreeListing unpacked = changed("overlayfs", image("plain"));
        assertThat(lazy.paths())
                .contains("renamed", "many/two", "elsewhere", "pipe")
                .doesNotContain("etc/link", "many/one", "hidden", "bin/sh");
        assertThat(lazy.differences(unpacked, TreeListing.Ignore.ROOT).stream()
                        .filter(difference -> !isTimeOfWriting(difference, began)))
                .isEmpty();
        assertThat(lazy.at("top").modifySeconds())
                .as("kept when its mode changes")
                .isLessThan(began);
    }
}
