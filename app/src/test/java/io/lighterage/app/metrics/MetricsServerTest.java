package io.lighterage.app.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.Store;
import io.lighterage.contentstore.disk.LocalStore;
import io.lighterage.remotesnapshotter.lazy.LayerTotals;
import io.lighterage.remotesnapshotter.snapshots.LayerSource;
import io.lighterage.remotesnapshotter.snapshots.LocalSnapshotter;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsServerTest {
    @TempDir
    Path root;

    private Store store;
    private Snapshotter snapshotter;
    private MetricsServer server;
    private Runnable health = () -> {};

    @BeforeEach
    void start() {
        store = LocalStore.open(root, (descriptor, bytes) -> List.of(), Clock.systemUTC());
        LocalSnapshotter local = LocalSnapshotter.open(root, store.snapshots(), LayerSource.NONE);
        Metrics metrics = new Metrics(local::list, () -> new LayerTotals(2, 3, 4096, 5, 1_500_000_000, 1), () -> 7);
        snapshotter = new MeteredSnapshotter(local, metrics);
        server = MetricsServer.start("127.0.0.1:0", metrics, () -> health.run());
    }

    @AfterEach
    void stop() {
        server.close();
        snapshotter.close();
        store.close();
    }

    private HttpResponse<String> send(String method, String path) throws Exception {
        URI at = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
        HttpRequest request = HttpRequest.newBuilder(at)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void snapshotsCallsAndLayersAreCountedInBaseUnits() throws Exception {
        snapshotter.prepare(SnapshotKey.of("a"), Optional.empty(), Map.of());
        snapshotter.commit(SnapshotKey.of("c"), SnapshotKey.of("a"), Optional.empty(), Map.of());
        snapshotter.view(SnapshotKey.of("v"), Optional.of(SnapshotKey.of("c")), Map.of());
        assertThatThrownBy(() -> snapshotter.stat(SnapshotKey.of("absent"))).isInstanceOf(ImageException.class);
        HttpResponse<String> answer = send("GET", "/metrics");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain; version=0.0.4");
        assertThat(answer.body().lines())
                .contains(
                        "lighter_snapshots{kind=\"active\"} 0.0",
                        "lighter_snapshots{kind=\"committed\"} 1.0",
                        "lighter_snapshots{kind=\"taken\"} 0.0",
                        "lighter_snapshots{kind=\"view\"} 1.0",
                        "lighter_snapshot_call_duration_seconds_count{call=\"prepare\",outcome=\"ok\"} 1",
                        "lighter_snapshot_call_duration_seconds_count{call=\"stat\",outcome=\"not_found\"} 1",
                        "lighter_layer_fetched_bytes_total 4096.0",
                        "lighter_layer_requests_total 3.0",
                        "lighter_reads_waited_seconds_total 1.5",
                        "lighter_reads_waiting 1.0",
                        "lighter_mounts 7.0")
                .anyMatch(line -> line.startsWith("process_resident_memory_bytes "))
                .anyMatch(line -> line.startsWith("process_open_fds "));
        assertThat(answer.body()).doesNotContain("sha256:");
    }

    @Test
    void healthIsOkUntilSomethingIsWrong() throws Exception {
        assertThat(send("GET", "/healthz").statusCode()).isEqualTo(200);
        health = () -> {
            throw new ImageException(ErrorKind.INTERNAL, "the catalog is on fire");
        };
        HttpResponse<String> answer = send("GET", "/healthz");
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("the catalog is on fire");
    }

    @Test
    void otherPathsAndMethodsAreRefused() throws Exception {
        assertThat(send("GET", "/").statusCode()).isEqualTo(404);
        assertThat(send("POST", "/metrics").statusCode()).isEqualTo(405);
    }

    @Test
    void anAddressThatIsNoneOrTakenIsRefused() {
        Metrics metrics = new Metrics(List::of, () -> new LayerTotals(0, 0, 0, 0, 0, 0), () -> 0);
        for (String bad : List.of("", "9780", ":9780", "127.0.0.1:", "127.0.0.1:99999", "no host here:1")) {
            assertThatThrownBy(() -> MetricsServer.start(bad, metrics, () -> {}))
                    .isInstanceOfSatisfying(
                            ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                    .hasMessageContaining("expected HOST:PORT");
        }
        String taken = "127.0.0.1:" + server.address().getPort();
        assertThatThrownBy(() -> MetricsServer.start(taken, metrics, () -> {}))
                .hasMessageContaining("choose another --metrics-address");
    }
}
