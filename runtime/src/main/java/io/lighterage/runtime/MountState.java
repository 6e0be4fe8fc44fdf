package io.lighterage.runtime;

import io.lighterage.remotesnapshotter.lazy.LayerStatistics;
import io.lighterage.remotesnapshotter.lazy.LazyLayer;
import io.lighterage.remotesnapshotter.lazy.SlowRead;
import io.lighterage.stargz.index.Encoding;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A mount of this process, to be asked how it stands.
///
/// @param image what is mounted
/// @param at where
/// @param way how the kernel gets to see it
/// @param startedAt when it was asked for
/// @param opening what the time until it was readable was spent on
public record MountState(OpenedImage image, Path at, String way, Instant startedAt, MountReport.Opening opening) {
    private static final int SLOWEST_KEPT = 50;

    /// How it stands now.
    public MountReport report() {
        List<MountReport.Layer> layers = new ArrayList<>();
        List<MountReport.SlowestRead> slowest = new ArrayList<>();
        for (LazyLayer layer : image.layers().layers()) {
            layers.add(layer(layer));
            for (SlowRead read : layer.statistics().slowest()) {
                slowest.add(slowest(layer, read));
            }
        }
        slowest.sort(Comparator.comparing(MountReport.SlowestRead::waited).reversed());
        return new MountReport(
                image.name(),
                at.toString(),
                way,
                image.layers().plan(),
                ProcessHandle.current().pid(),
                startedAt,
                opening,
                layers,
                slowest.subList(0, Math.min(SLOWEST_KEPT, slowest.size())));
    }

    private static MountReport.Layer layer(LazyLayer layer) {
        LayerStatistics statistics = layer.statistics();
        return new MountReport.Layer(
                layer.descriptor().digest(),
                layer.index().encoding() != Encoding.NONE,
                layer.content().bytesHere(),
                layer.content().bytesTotal(),
                layer.descriptor().size(),
                statistics.bytesFetched(),
                statistics.requests(),
                statistics.demandReads(),
                Duration.ofNanos(statistics.demandNanos()),
                statistics.waitingReads(),
                statistics.lastError());
    }

    private static MountReport.SlowestRead slowest(LazyLayer layer, SlowRead read) {
        return new MountReport.SlowestRead(
                layer.descriptor().digest(),
                read.path(),
                read.offset(),
                read.length(),
                read.bytesFetched(),
                read.roundTrips(),
                Duration.ofNanos(read.nanos()),
                read.when());
    }
}
