package io.lighterage.runtime.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.remotesnapshotter.mount.FuseTreeMounter;
import io.lighterage.remotesnapshotter.mount.TreeMounter;
import io.lighterage.remotesnapshotter.snapshots.LayerSource;
import io.lighterage.remotesnapshotter.snapshots.LayerSource.Answer;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.TestImage;
import io.lighterage.stargz.tar.Tars;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Machines on which nothing can be mounted.
class MountAbilityTest {
    private static final RemoteOptions OPTIONS = new RemoteOptions(
            LazyOptions.defaults().withBackground(false),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofMillis(1));

    @TempDir
    Path folder;

    private final AtomicBoolean broken = new AtomicBoolean(true);
    private final TreeMounter real = new FuseTreeMounter();
    private final TreeMounter mounter = (tree, directory, options) -> {
        if (broken.get()) {
            throw new ImageException(ErrorKind.UNSUPPORTED, "this kernel has no FUSE");
        }
        return real.mount(tree, directory, options);
    };

    @BeforeEach
    void needsFuse() {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root to mount");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
    }

    @Test
    void layersAreLeftToContainerdUntilSomethingCanBeMounted() throws Exception {
        MemoryUpstream upstream = new MemoryUpstream();
        byte[] tar = Tars.tarOf(Tars.file("a", "a"));
        TestImage image = TestImage.put(upstream, "app", tar);
        try (MirrorServer mirror = MirrorServer.start(MirrorOptions.defaults(), upstream);
                ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")));
                RemoteLayers layers = new RemoteLayers(runtime, mounter, OPTIONS)) {
            LayerSource.Request request = new LayerSource.Request(
                    Digest.sha256(tar).toString(),
                    Optional.empty(),
                    Map.of(
                            "containerd.io/snapshot/remote/stargz.reference",
                            mirror.hostPort() + "/app:latest",
                            "containerd.io/snapshot/remote/stargz.digest",
                            image.layers().getFirst().toString()));
            while (!(layers.take(request) instanceof Answer.NotHere)) {
                TimeUnit.MILLISECONDS.sleep(5); // the trial goes on
            }
            mirror.clearRequests();
            for (int call = 0; call < 20; call++) {
                assertThat(layers.take(request))
                        .isInstanceOfSatisfying(
                                Answer.NotHere.class,
                                no -> assertThat(no.reason()).contains("nothing can be mounted here", "no FUSE"));
                TimeUnit.MILLISECONDS.sleep(2);
            }
            assertThat(mirror.requests()).isEmpty();
            broken.set(false);
            while (!(layers.take(request) instanceof Answer.Ready)) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
        }
        assertThat(folder.resolve("root/trial")).doesNotExist();
    }

    @Test
    void whatAKilledTrialLeftIsUnmounted() throws Exception {
        broken.set(false);
        Path root = folder.toRealPath().resolve("root");
        Path place = Files.createDirectories(root.resolve("trial"));
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LeftOverMount.class.getName(),
                        place.toString())
                .redirectErrorStream(true)
                .start();
        assertThat(server.inputReader().readLine()).isEqualTo("mounted");
        server.destroyForcibly().waitFor();
        assertThat(Path.of("/proc/self/mountinfo")).content().contains(place.toString());
        try (MountAbility ability = new MountAbility(mounter, place, Duration.ofHours(1))) {
            while (Files.readString(Path.of("/proc/self/mountinfo")).contains(place.toString())
                    || Files.exists(place)) {
                assertThat(ability.refusal()).isEmpty();
                TimeUnit.MILLISECONDS.sleep(5);
            }
            assertThat(ability.refusal()).isEmpty();
        }
    }

    /// A process to be killed in its trial.
    static final class LeftOverMount {
        private LeftOverMount() {}

        static void main(String[] arguments) {
            TreeMounter hangs = (tree, directory, options) -> {
                var mounted = new FuseTreeMounter().mount(tree, directory, options);
                System.out.println("mounted");
                mounted.awaitUnmounted();
                return mounted;
            };
            io.lighterage.remotesnapshotter.mount.MountTrial.run(hangs, Path.of(arguments[0]));
        }
    }
}
