package io.lighterage.runtime;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.remotesnapshotter.apply.ApplyOptions;
import io.lighterage.remotesnapshotter.apply.ApplyReport;
import io.lighterage.remotesnapshotter.apply.LayerUnpacker;
import io.lighterage.remotesnapshotter.apply.Omission;
import io.lighterage.remotesnapshotter.fetch.LayerFetch;
import io.lighterage.runtime.ProgressEvent.State;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// Pulls an image and unpacks its layers, base first, while they arrive.
///
/// @param pull brings the layers in
/// @param target the directory to fill
/// @param form one tree, or one directory a layer
/// @param progress hears of every step
record Unpack(Pull pull, Path target, UnpackForm form, ProgressListener progress) {
    UnpackedImage run(String reference) {
        try (StagedDirectory stage = StagedDirectory.toBecome(target)) {
            Pull.Outcome<Applied> outcome =
                    pull.run(reference, (image, config, layers) -> applyAll(image, config, layers, stage.path()));
            List<Path> roots = outcome.used().directories().stream()
                    .map(directory -> target.resolve(stage.path().relativize(directory)))
                    .toList();
            stage.publish();
            return outcome.used().toImage(outcome.image(), roots);
        }
    }

    private Applied applyAll(Resolution image, ImageConfig config, List<LayerFetch> layers, Path root) {
        requireUnpackable(image, config, layers);
        Applied applied = new Applied(new ArrayList<>(), new ArrayList<>());
        for (int i = 0; i < layers.size(); i++) {
            Path directory = form == UnpackForm.MERGED ? root : root.resolve("%02d".formatted(i));
            String label = layers.get(i).descriptor().digest().toString();
            ApplyOptions options = form == UnpackForm.MERGED
                    ? ApplyOptions.merged(label)
                    : ApplyOptions.overlay(label, applied.directories().reversed());
            applied.add(directory, apply(layers.get(i), config.diffIds().get(i), directory, options));
        }
        if (layers.isEmpty() || form == UnpackForm.MERGED) {
            applied.directories().clear();
            applied.directories().add(root);
        }
        return applied;
    }

    private ApplyReport apply(LayerFetch layer, Digest diffId, Path directory, ApplyOptions options) {
        Descriptor descriptor = layer.descriptor();
        AtomicLong done = new AtomicLong();
        try (Blob bytes = layer.bytes()) {
            emit(descriptor, State.UNPACKING, 0);
            ApplyReport report = new LayerUnpacker(new NativeFileCalls())
                    .unpack(
                            bytes,
                            diffId,
                            directory,
                            options,
                            count -> emit(descriptor, State.UNPACKING, done.addAndGet(count)));
            emit(descriptor, State.UNPACKED, done.get());
            return report;
        }
    }

    private void emit(Descriptor layer, State state, long current) {
        progress.on(new ProgressEvent(Instant.now(), layer.digest().toString(), state, current, 0));
    }

    private static void requireUnpackable(Resolution image, ImageConfig config, List<LayerFetch> layers) {
        for (LayerFetch layer : layers) {
            if (!MediaType.isLayer(layer.descriptor().mediaType())) {
                throw new ImageException(
                        ErrorKind.UNSUPPORTED,
                        image.name() + ": layer " + layer.descriptor().digest() + " has media type '"
                                + layer.descriptor().mediaType()
                                + "'; expected a file-system layer. This is an artifact, which can be pulled but not"
                                + " unpacked");
            }
        }
        if (config.diffIds().size() != layers.size()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    image.name() + " has " + layers.size() + " layers but its configuration names "
                            + config.diffIds().size() + " diff_ids; expected as many. The image was built wrongly");
        }
    }

    /// What became of the layers so far.
    private record Applied(List<Path> directories, List<ApplyReport> reports) {
        void add(Path directory, ApplyReport report) {
            directories.add(directory);
            reports.add(report);
        }

        UnpackedImage toImage(PulledImage image, List<Path> roots) {
            long entries = reports.stream().mapToLong(ApplyReport::entries).sum();
            long bytes = reports.stream().mapToLong(ApplyReport::tarBytes).sum();
            return new UnpackedImage(
                    image,
                    roots,
                    entries,
                    bytes,
                    Omission.sum(reports.stream()
                            .flatMap(report -> report.omissions().stream())
                            .toList()));
        }
    }
}
