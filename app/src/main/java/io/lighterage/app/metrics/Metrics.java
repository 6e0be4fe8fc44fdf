package io.lighterage.app.metrics;

import io.lighterage.app.VersionText;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.remotesnapshotter.lazy.LayerTotals;
import io.lighterage.remotesnapshotter.snapshots.LocalSnapshotter;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmGarbageCollectorMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmThreadsMetrics;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// The metrics of one snapshotter: base units, totals that only grow, and no label whose values grow with the number of
/// images, so that a node with a thousand images has as many series as one with none.
public final class Metrics {
    /// From an answer out of memory to the longest a preparation may wait.
    private static final double[] SECONDS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30
    };

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Histogram calls;

    /// @param snapshots every snapshot there is
    /// @param layers what happened to lazy layers
    /// @param mounts how many there are
    public Metrics(Supplier<List<SnapshotRecord>> snapshots, Supplier<LayerTotals> layers, Supplier<Integer> mounts) {
        calls = Histogram.builder()
                .name("lighter_snapshot_call_duration")
                .help("How long calls of the snapshot service took, by call and outcome.")
                .unit(Unit.SECONDS)
                .labelNames("call", "outcome")
                .classicOnly()
                .classicUpperBounds(SECONDS)
                .register(registry);
        Info.builder()
                .name("lighter_build_info")
                .help("The version that runs.")
                .labelNames("version")
                .register(registry)
                .setLabelValues(VersionText.version());
        snapshots(snapshots);
        gauge("lighter_mounts", "Images mounted by this process.", mounts);
        gauge(
                "lighter_layers_open",
                "Lazy layers that are open.",
                () -> layers.get().open());
        gauge(
                "lighter_reads_waiting",
                "Reads that wait for bytes now.",
                () -> layers.get().waitingReads());
        total("lighter_layer_requests", "Requests for bytes of lazy layers.", layers, LayerTotals::requests);
        total(
                "lighter_layer_fetched_bytes",
                "Compressed bytes of lazy layers received.",
                layers,
                LayerTotals::bytesFetched);
        total("lighter_reads_waited", "Reads that found bytes missing.", layers, LayerTotals::demandReads);
        total(
                "lighter_reads_waited_seconds",
                "How long reads waited for missing bytes, summed up.",
                layers,
                totals -> totals.demandNanos() / 1e9);
        ProcessMetrics.builder().register(registry);
        JvmMemoryMetrics.builder().register(registry);
        JvmThreadsMetrics.builder().register(registry);
        JvmGarbageCollectorMetrics.builder().register(registry);
    }

    private void snapshots(Supplier<List<SnapshotRecord>> snapshots) {
        GaugeWithCallback.builder()
                .name("lighter_snapshots")
                .help("Snapshots, by kind; taken ones are committed layers that stay in the registry.")
                .labelNames("kind")
                .callback(callback -> {
                    Map<String, Integer> counts =
                            new TreeMap<>(Map.of("active", 0, "view", 0, "committed", 0, "taken", 0));
                    snapshots.get().forEach(record -> counts.merge(kind(record), 1, Integer::sum));
                    counts.forEach((kind, count) -> callback.call(count, kind));
                })
                .register(registry);
    }

    private static String kind(SnapshotRecord record) {
        return LocalSnapshotter.isTaken(record) ? "taken" : record.kind().name().toLowerCase(Locale.ROOT);
    }

    private void gauge(String name, String help, Supplier<Integer> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.get()))
                .register(registry);
    }

    private void total(String name, String help, Supplier<LayerTotals> layers, ToDoubleFunction<LayerTotals> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.applyAsDouble(layers.get())))
                .register(registry);
    }

    /// Counts one call.
    ///
    /// @param outcome `ok`, `exists` for a layer that was there or was taken, or the kind of the failure
    void called(String call, String outcome, double seconds) {
        calls.labelValues(call, outcome).observe(seconds);
    }

    /// All of them, in the text format of Prometheus.
    public byte[] text() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.create().write(out, registry.scrape(), EscapingScheme.ALLOW_UTF8);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory takes everything
        }
        return out.toByteArray();
    }
}
