package io.lighterage.remotesnapshotter.lazy;

import static io.lighterage.remotesnapshotter.lazy.FlatFileTest.files;
import static io.lighterage.remotesnapshotter.lazy.ImageBench.content;
import static io.lighterage.remotesnapshotter.lazy.LazyLayersTest.eventually;
import static io.lighterage.remotesnapshotter.lazy.LazyLayersTest.named;
import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.mirror.RequestRecord;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a cap of the background's bandwidth holds up, and what it does not.
@Timeout(120)
class BandwidthTest {
    private static final int CHUNK = 64 << 10;

    @TempDir
    Path root;

    @Test
    void theBackgroundsOfAllLayersTogetherKeepToTheCap() {
        long cap = 200_000;
        int layers = 40;
        LazyOptions capped = LazyOptions.defaults().withBackgroundBytesPerSecond(cap);
        try (ImageBench bench = new ImageBench(root)) {
            for (int layer = 0; layer < layers; layer++) {
                bench.add(new EstargzBlob(named("f", 2, CHUNK, layer), CHUNK, 0));
            }
            // what a registry has sent may still be in sockets, of the requests under way
            long underWay = capped.streams() * bench.layers().getFirst().size();
            long begun = System.nanoTime();
            bench.open(capped, image -> {
                bench.mirror().clearRequests();
                long opened = System.nanoTime();
                eventually("the background is at it", () -> fetched(image) > 2 * cap);
                eventually("some time is over", () -> System.nanoTime() - opened > 6_000_000_000L);
                long here = fetched(image);
                long sent = bench.mirror().requests().stream()
                        .mapToLong(RequestRecord::bytesSent)
                        .sum();
                long most = (long) (cap * (1 + (System.nanoTime() - begun) / 1e9));
                assertThat(here).isLessThan(most);
                assertThat(sent).isLessThan(most + underWay);
            });
        }
    }

    @Test
    void aReadWaitsForNoCapWhetherTheBackgroundIsAboutToBringItOrNot() {
        try (ImageBench bench = new ImageBench(root)) {
            Map<String, byte[]> files = files(32, CHUNK);
            bench.add(new EstargzBlob(files, CHUNK, 0));
            bench.open(LazyOptions.defaults().withBackgroundBytesPerSecond(10), image -> {
                LazyLayer layer = image.layers().getFirst();
                eventually("the background stands still for a quarter of an hour", () -> fetched(image) > 0);
                assertThat(content(layer, "f0")).isEqualTo(files.get("f0"));
                assertThat(content(layer, "f31")).isEqualTo(files.get("f31"));
            });
        }
    }

    private static long fetched(LazyImage image) {
        return image.layers().stream()
                .mapToLong(layer -> layer.statistics().bytesFetched())
                .sum();
    }
}
