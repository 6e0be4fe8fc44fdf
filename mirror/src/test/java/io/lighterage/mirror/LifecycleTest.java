package io.lighterage.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Platform;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LifecycleTest {
    @TempDir
    Path directory;

    private static List<String> serverThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("mirror") || name.contains("Scheduler"))
                .toList();
    }

    private static List<String> descriptors() throws IOException {
        Path self = Path.of("/proc/self/fd");
        Assumptions.assumeTrue(Files.isDirectory(self), "no /proc: descriptors cannot be counted");
        List<String> open = new ArrayList<>();
        try (Stream<Path> all = Files.list(self)) {
            for (Path descriptor : all.toList()) {
                if (Files.isSymbolicLink(descriptor)) {
                    open.add(Files.readSymbolicLink(descriptor).toString());
                }
            }
        }
        return open.stream()
                .filter(target -> target.startsWith("socket:")
                        || target.startsWith("anon_inode:[eventpoll]")
                        || target.startsWith(directoryPrefix()))
                .toList();
    }

    private static String directoryPrefix() {
        return System.getProperty("java.io.tmpdir", "/tmp") + "/junit";
    }

    private void useAndClose(Path layout) throws Exception {
        try (MirrorServer server =
                MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("demo/app", layout))) {
            server.faults().next(1, "GET", path -> path.contains("latest"), new Fault.Cut(3));
            try (TestClient client = new TestClient(server)) {
                assertThatThrownBy(() -> client.get("/v2/demo/app/manifests/latest"))
                        .isInstanceOf(IOException.class);
                assertThat(client.get("/v2/demo/app/manifests/latest").statusCode())
                        .isEqualTo(200);
                try (Stream<Path> blobs = Files.list(layout.resolve("blobs/sha256"))) {
                    for (Path blob : blobs.toList()) {
                        String path = "/v2/demo/app/blobs/sha256:" + blob.getFileName();
                        client.get(path);
                        client.get(path, "Range", "bytes=99999999-");
                        client.send("HEAD", path, ByteBuffer.allocate(0));
                        client.get(path, "If-None-Match", "*");
                    }
                }
            }
        }
    }

    @Test
    void threadsAndDescriptorsReturnWhenTheServerIsClosed() throws Exception {
        Path layout = directory.resolve("layout");
        LayoutWriter.write(layout, "latest", new Platform("linux", "amd64", ""), SampleLayers.of("one"));
        useAndClose(layout);
        List<String> before = descriptors();
        for (int i = 0; i < 20; i++) {
            useAndClose(layout);
        }
        assertThat(descriptors()).hasSameSizeAs(before);
        assertThat(serverThreads()).isEmpty();
    }

    @Test
    void aPortThatIsTakenIsSaidToBeTaken() {
        MemoryUpstream upstream = new MemoryUpstream();
        try (MirrorServer server = MirrorServer.start(MirrorOptions.defaults(), upstream)) {
            MirrorOptions same = MirrorOptions.defaults()
                    .withAddress(new InetSocketAddress(
                            InetAddress.getLoopbackAddress(), server.uri().getPort()));
            assertThatThrownBy(() -> MirrorServer.start(same, upstream))
                    .isInstanceOfSatisfying(
                            ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE))
                    .hasMessageContaining("expected a free port");
        }
        assertThat(serverThreads()).isEmpty();
    }

    @Test
    void closingTwiceIsHarmless() {
        MirrorServer server = MirrorServer.start(MirrorOptions.defaults(), new MemoryUpstream());
        server.close();
        server.close();
        assertThat(serverThreads()).isEmpty();
    }

    @Test
    void aHundredClientsAreServedAtOnce() throws Exception {
        byte[] content = new byte[2_000_000];
        new java.util.Random(13).nextBytes(content);
        MemoryUpstream upstream = new MemoryUpstream();
        String path = "/v2/a/b/blobs/" + upstream.put("a/b", ByteBuffer.wrap(content));
        try (MirrorServer server = MirrorServer.start(MirrorOptions.defaults(), upstream);
                TestClient client = new TestClient(server);
                ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                all.add(readers.submit(
                        () -> java.util.Arrays.equals(client.get(path).body(), content)));
            }
            for (Future<Boolean> one : all) {
                assertThat(one.get()).isTrue();
            }
            assertThat(server.requests()).hasSize(100).allMatch(request -> request.bytesSent() == content.length);
        }
    }
}
