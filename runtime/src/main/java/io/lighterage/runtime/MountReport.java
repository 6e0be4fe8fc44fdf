package io.lighterage.runtime;

import io.lighterage.contentstore.Digest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// How a lazy mount stands: what is here, who waits, and where the time went.
///
/// @param image the image's name
/// @param directory where it is mounted, absolute
/// @param way how the kernel gets to see it, see [io.lighterage.remotesnapshotter.mount.MountedTree#way]
/// @param plan how it is filled, and why, see [io.lighterage.remotesnapshotter.lazy.LazyImage#plan]; empty where that
/// was
///     not said
/// @param pid the process that serves it
/// @param startedAt when it was asked for
/// @param opening what the time until it was readable was spent on
/// @param layers base first
/// @param slowest the reads that waited longest, slowest first
public record MountReport(
        String image,
        String directory,
        String way,
        String plan,
        long pid,
        Instant startedAt,
        Opening opening,
        List<Layer> layers,
        List<SlowestRead> slowest) {
    public MountReport {
        layers = List.copyOf(layers);
        slowest = List.copyOf(slowest);
    }

    /// Where the time until the mount was readable went.
    ///
    /// @param resolving from the reference to the manifest
    /// @param layers opening all layers: tables of contents read and verified, layers without one pulled
    /// @param mounting the mount itself
    public record Opening(Duration resolving, Duration layers, Duration mounting) {
        /// All of it.
        public Duration total() {
            return resolving.plus(layers).plus(mounting);
        }
    }

    /// One layer.
    ///
    /// @param digest of its blob
    /// @param lazy whether its bytes come when they are read; false for one that was pulled whole
    /// @param bytesHere uncompressed bytes of files that are here
    /// @param bytesTotal uncompressed bytes of all its files
    /// @param compressedBytes size of its blob
    /// @param bytesFetched compressed bytes received by this process
    /// @param requests requests made for it
    /// @param demandReads reads that found bytes missing
    /// @param demandTime how long those waited, summed up
    /// @param waitingReads reads that wait now
    /// @param lastError what failed last, in words
    public record Layer(
            Digest digest,
            boolean lazy,
            long bytesHere,
            long bytesTotal,
            long compressedBytes,
            long bytesFetched,
            long requests,
            long demandReads,
            Duration demandTime,
            int waitingReads,
            Optional<String> lastError) {}

    /// One read that waited.
    ///
    /// @param layer digest of the layer's blob
    /// @param path the file
    /// @param offset first byte wanted, in the file
    /// @param length bytes wanted
    /// @param bytesFetched compressed bytes of the requests it waited for
    /// @param roundTrips requests it waited for
    /// @param waited how long
    /// @param at when it began
    public record SlowestRead(
            Digest layer,
            String path,
            long offset,
            long length,
            long bytesFetched,
            int roundTrips,
            Duration waited,
            Instant at) {}

    public long bytesHere() {
        return layers.stream().mapToLong(Layer::bytesHere).sum();
    }

    public long bytesTotal() {
        return layers.stream().mapToLong(Layer::bytesTotal).sum();
    }

    public long bytesFetched() {
        return layers.stream().mapToLong(Layer::bytesFetched).sum();
    }

    public long requests() {
        return layers.stream().mapToLong(Layer::requests).sum();
    }

    public long demandReads() {
        return layers.stream().mapToLong(Layer::demandReads).sum();
    }

    public int waitingReads() {
        return layers.stream().mapToInt(Layer::waitingReads).sum();
    }

    public Duration demandTime() {
        return layers.stream().map(Layer::demandTime).reduce(Duration.ZERO, Duration::plus);
    }

    /// What failed last in any layer.
    public Optional<String> lastError() {
        return layers.stream().flatMap(layer -> layer.lastError().stream()).findFirst();
    }

    /// One JSON object, durations in milliseconds.
    public String json() {
        return MountReportJson.write(this);
    }

    /// Reads what [#json] wrote.
    ///
    /// @throws io.lighterage.contentstore.ImageException CORRUPT when it is something else
    public static MountReport parse(String json) {
        return MountReportJson.read(json);
    }
}
