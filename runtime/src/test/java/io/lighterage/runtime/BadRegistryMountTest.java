package io.lighterage.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.mirror.Fault;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.flat.ReadFailures;
import io.lighterage.remotesnapshotter.lazy.EstargzBlob;
import io.lighterage.remotesnapshotter.lazy.EstargzImage;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.resolver.ResolverConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// A registry that misbehaves, seen through a mount: right bytes, or `EIO` in time and a line in the log that says why.
@Timeout(300)
class BadRegistryMountTest {
    private static final int ALWAYS = 1_000_000;
    /// Longer than all attempts of a failing read take, and those of the kernel after it.
    private static final long BOUND_SECONDS = 90;

    /// Held, since the log manager would forget it.
    private static final Logger LOGGER = Logger.getLogger(ReadFailures.class.getName());

    @TempDir
    Path folder;

    private final List<String> log = new CopyOnWriteArrayList<>();
    private final byte[] early = TestTars.randomBytes(new Random(1), 150_000);
    private final byte[] wanted = TestTars.randomBytes(new Random(2), 150_000);
    private final EstargzBlob base = new EstargzBlob(Map.of("other", wanted), 64 << 10, 0);
    private final EstargzBlob top = new EstargzBlob(
            new TreeMap<>(Map.of("a-early", early, "b-between", early, "c-wanted", wanted)), 64 << 10, 0);
    private final MemoryUpstream upstream = new MemoryUpstream();
    private MirrorServer registry;
    private MirrorServer elsewhere;

    /// What two servers begin to do.
    interface Change {
        void of(MirrorServer registry, MirrorServer elsewhere);
    }

    /// What goes wrong between two reads of a layer.
    ///
    /// @param cause part of the log's line; empty when the bytes are to come all the same
    record Trouble(String name, String cause, Change before, Change then) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Trouble trouble(String name, String cause, int times, Fault fault) {
        Change then = (registry, elsewhere) -> registry.faults().nextBlobs(times, fault);
        return new Trouble(name, cause, (registry, elsewhere) -> {}, then);
    }

    /// Blobs are at addresses elsewhere that are good for a while.
    private static Trouble redirected(String name, String cause, int times, Fault fault) {
        return new Trouble(
                name,
                cause,
                (registry, elsewhere) -> registry.faults().nextBlobs(ALWAYS, Fault.redirectToOrigin(elsewhere.uri())),
                (registry, elsewhere) -> elsewhere.faults().nextBlobs(times, fault));
    }

    private static final List<Trouble> TROUBLES = List.of(
            trouble("an answer cut in its middle", "", 1, new Fault.Cut(30_000)),
            trouble("every answer cut at once", "gave up after", ALWAYS, new Fault.Cut(0)),
            trouble("ranges ignored", "", ALWAYS, new Fault.IgnoreRange()),
            trouble("an answer that stalls", "", 1, new Fault.Stall(30_000)),
            trouble("every answer stalls", "no byte arrived", ALWAYS, new Fault.Stall(100)),
            trouble("a flipped byte", "", 1, new Fault.Flip(30_000)),
            trouble("a byte flipped every time", "gzip member is broken", ALWAYS, new Fault.Flip(30_000)),
            trouble("a server error", "", 1, Fault.status(503)),
            trouble("nothing but server errors", "HTTP 503", ALWAYS, Fault.status(503)),
            trouble("a blob that is gone", "HTTP 404", ALWAYS, Fault.status(404)),
            redirected("an address that expired", "", 1, Fault.status(403)),
            redirected("addresses that never work again", "HTTP 403", ALWAYS, Fault.status(403)),
            new Trouble("a token that expired", "", (registry, at) -> {}, (registry, at) -> registry.revokeTokens()),
            trouble("no token is good", "HTTP 401", ALWAYS, Fault.status(401)));

    static Stream<Arguments> troubles() {
        return Stream.of(MountWay.TREE, MountWay.EROFS)
                .flatMap(way -> TROUBLES.stream().map(trouble -> Arguments.of(way, trouble)));
    }

    private final Handler listener = new Handler() {
        @Override
        public void publish(LogRecord line) {
            log.add(line.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void serve() {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        EstargzImage.put(upstream, "app", List.of(base, top));
        registry = MirrorServer.start(MirrorOptions.defaults().withTokens("me", "secret"), upstream);
        elsewhere = MirrorServer.start(MirrorOptions.defaults(), upstream);
        LOGGER.addHandler(listener);
    }

    @AfterEach
    void stop() {
        LOGGER.removeHandler(listener);
        if (registry != null) {
            registry.close();
            elsewhere.close();
        }
    }

    @ParameterizedTest
    @MethodSource("troubles")
    void aReadGivesRightBytesOrAnErrorInTimeThatTheLogExplains(MountWay way, Trouble trouble) throws Exception {
        assumeTrue(
                way == MountWay.TREE
                        || Files.readString(Path.of("/proc/filesystems")).contains("erofs"),
                "needs a kernel with EROFS");
        try (ImageRuntime runtime = runtime();
                LazyMount mounted = mount(runtime, way)) {
            trouble.before().of(registry, elsewhere);
            assertThat(read(mounted, "a-early")).isEqualTo(early);
            trouble.then().of(registry, elsewhere);
            if (trouble.cause().isEmpty()) {
                assertThat(read(mounted, "c-wanted")).isEqualTo(wanted);
                assertThat(log).isEmpty();
            } else {
                assertThatThrownBy(() -> read(mounted, "c-wanted"))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("Input/output error");
                assertThat(log)
                        .anySatisfy(line -> assertThat(line)
                                .contains("c-wanted", top.descriptor().digest().toString(), trouble.cause()));
                theBytesComeWhenTheTroubleIsOver(mounted);
            }
        }
    }

    private void theBytesComeWhenTheTroubleIsOver(LazyMount mounted) throws Exception {
        for (MirrorServer server : List.of(registry, elsewhere)) {
            server.faults().clear();
            server.faults().releaseStalled();
        }
        for (int tries = 0; tries < 30; tries++) {
            try {
                assertThat(read(mounted, "c-wanted")).isEqualTo(wanted);
                return;
            } catch (IOException e) {
                Thread.sleep(1_000); // what failed fails at once for a while
            }
        }
        assertThat(read(mounted, "c-wanted")).isEqualTo(wanted);
    }

    /// @throws java.util.concurrent.TimeoutException when it takes too long; the unmount then ends it
    private static byte[] read(LazyMount mounted, String name) throws Exception {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            return thread.submit(() -> Files.readAllBytes(mounted.at().resolve(name)))
                    .get(BOUND_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : e;
        } finally {
            thread.shutdown();
        }
    }

    private LazyMount mount(ImageRuntime runtime, MountWay way) throws IOException {
        return runtime.mount(
                MountRequest.of(registry.hostPort() + "/app:latest", Files.createDirectory(folder.resolve("mnt")))
                        .withOptions(LazyOptions.defaults().withBackground(false))
                        .withWay(way),
                ProgressListener.NONE);
    }

    private ImageRuntime runtime() {
        ResolverConfig config = new ResolverConfig(
                Optional.empty(),
                Optional.of("me:secret"),
                true,
                Optional.empty(),
                true,
                4,
                Duration.ofSeconds(2),
                2,
                Map.of());
        return ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")).withResolver(config));
    }
}
