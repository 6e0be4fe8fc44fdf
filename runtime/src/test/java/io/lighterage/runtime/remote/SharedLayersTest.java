package io.lighterage.runtime.remote;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.remotesnapshotter.snapshots.SnapshotMount;
import io.lighterage.stargz.tar.Tars;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Images that have layers in common, wanted at the same time by clients that know nothing of each other.
class SharedLayersTest {
    private static final Duration SILENCE = Duration.ofSeconds(30);
    private static final int FILES = 8;
    private static final int SIZE = 300_000;
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-([0-9]+)");

    @TempDir
    Path folder;

    private final CyclicBarrier together = new CyclicBarrier(2);

    /// Bytes of a blob, the last included.
    private record Range(long first, long last) {
        boolean overlaps(Range other) {
            return first <= other.last && other.first <= last;
        }
    }

    private NamedLayers image(String name) {
        Random random = new Random(1);
        return NamedLayers.lazy(
                folder.resolve(name),
                folder.resolve("work-" + name),
                noise(random, "base"),
                noise(random, "middle"),
                tarOf(file("top", name)));
    }

    private static byte[] noise(Random random, String name) {
        Tars.Item[] files = new Tars.Item[FILES];
        for (int i = 0; i < FILES; i++) {
            byte[] bytes = new byte[SIZE];
            random.nextBytes(bytes);
            files[i] = file(name + i, bytes);
        }
        return tarOf(files);
    }

    /// Pulls an image, and reads everything that is in it. Not on a virtual thread, as this process serves the mounts:
    /// waiting for the kernel, those would take the processors from the server.
    private Map<String, Digest> read(RemoteNode node, String who, NamedLayers image, String reference)
            throws Exception {
        together.await(1, TimeUnit.MINUTES);
        SnapshotKey top = node.pull(who, image, reference);
        together.await(1, TimeUnit.MINUTES);
        SnapshotMount seen = node.snapshotter()
                .view(SnapshotKey.of(who + "/view"), Optional.of(top), Map.of())
                .getFirst();
        Map<String, Digest> contents = new TreeMap<>();
        try (Stream<Path> files = Files.list(Path.of(seen.source()))) {
            for (Path file : files.sorted().toList()) {
                contents.put(file.getFileName().toString(), Digest.sha256(Files.readAllBytes(file)));
            }
        }
        return contents;
    }

    private static List<Range> asked(MirrorServer registry, Digest blob) {
        List<Range> asked = new ArrayList<>();
        registry.requests().stream()
                .filter(request -> request.path().endsWith("/blobs/" + blob))
                .forEach(request -> {
                    Matcher range = RANGE.matcher(request.range());
                    assertThat(range.matches()).as("%s", request).isTrue();
                    asked.add(new Range(Long.parseLong(range.group(1)), Long.parseLong(range.group(2))));
                });
        return asked;
    }

    private long mountsBelow(Path place) throws Exception {
        try (Stream<String> mounts = Files.lines(Path.of("/proc/self/mountinfo"))) {
            return mounts.filter(mount -> mount.contains(" " + place + "/")).count();
        }
    }

    @Test
    void whatTheyShareIsFetchedOnceAndEachTopHasOneMount() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root to mount for everybody");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        NamedLayers one = image("one");
        NamedLayers two = image("two");
        assertThat(one.blobs().subList(0, 2)).isEqualTo(two.blobs().subList(0, 2));
        RemoteOptions options =
                RemoteOptions.of(LazyOptions.defaults().withBackground(false).withReadTimeout(SILENCE));
        try (MirrorServer registry = MirrorServer.start(
                        MirrorOptions.defaults(),
                        new LayoutUpstream(Map.of("one", folder.resolve("one"), "two", folder.resolve("two"))));
                RemoteNode node = RemoteNode.open(folder.resolve("root"), SILENCE, options);
                var threads = Executors.newFixedThreadPool(2)) {
            List<Callable<Map<String, Digest>>> readers = List.of(
                    () -> read(node, "first", one, registry.hostPort() + "/one:latest"),
                    () -> read(node, "second", two, registry.hostPort() + "/two:latest"));
            List<Map<String, Digest>> seen = new ArrayList<>();
            for (var reading : threads.invokeAll(readers)) {
                seen.add(reading.get());
            }
            assertThat(seen.get(0)).hasSize(2 * FILES + 1).containsEntry("top", digest("one"));
            assertThat(seen.get(1)).containsEntry("top", digest("two"));
            seen.forEach(contents -> contents.remove("top"));
            assertThat(seen.get(0)).isEqualTo(seen.get(1));
            for (Digest shared : one.blobs().subList(0, 2)) {
                assertDisjoint(asked(registry, shared));
            }
            assertThat(node.layers().mounts()).isEqualTo(2);
            assertThat(mountsBelow(folder.resolve("root"))).isEqualTo(2);
        }
    }

    private static Digest digest(String text) {
        return Digest.sha256(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static void assertDisjoint(List<Range> ranges) {
        assertThat(ranges).isNotEmpty();
        for (int i = 0; i < ranges.size(); i++) {
            for (Range other : ranges.subList(i + 1, ranges.size())) {
                assertThat(ranges.get(i).overlaps(other))
                        .as("%s and %s", ranges.get(i), other)
                        .isFalse();
            }
        }
    }
}
