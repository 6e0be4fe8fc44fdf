package io.lighterage.runtime;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Lease;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Namespace;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.contentstore.manifest.Manifest;
import io.lighterage.contentstore.manifest.ManifestWriter;
import io.lighterage.remotesnapshotter.fetch.LayerFetch;
import io.lighterage.remotesnapshotter.fetch.LayerFetcher;
import io.lighterage.resolver.ImageDestination;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.Resolvers;
import io.lighterage.stargz.format.CompressionPool;
import io.lighterage.stargz.format.LayerConverter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/// The conversion path, top to bottom: read every image's documents, fetch all layers at once, convert each while it
/// arrives, write configurations, manifests and index anew, publish.
///
/// @param config where and how
/// @param namespace what source layers are kept in
/// @param options what the image becomes
/// @param progress hears of every step
record Convert(RuntimeConfig config, Namespace namespace, ConvertOptions options, ProgressListener progress) {
    private static final Duration LEASE = Duration.ofHours(24);

    ConvertedImage run(String from, String to) {
        Resolvers resolvers = Resolvers.installed();
        ConvertMeter meter = new ConvertMeter(progress);
        try (ImageSource source = resolvers.open(from, config.resolver());
                ImageDestination destination = resolvers.destination(to, config.resolver());
                Lease lease = namespace.leases().create(LEASE, Map.of("lighterage.io/convert", source.name()));
                Workshop workshop = Workshop.of(destination, config.root());
                CompressionPool pool = CompressionPool.of(options.form(), options.chunkBytes());
                TaskGroup fetches = new TaskGroup("fetch");
                TaskGroup conversions = new TaskGroup("convert")) {
            meter.image(source.name(), ProgressEvent.State.RESOLVING, 0);
            SourceTree tree = SourceTree.read(source, options.platform());
            Map<Digest, Source> layers = layers(tree);
            meter.image(
                    source.name(),
                    ProgressEvent.State.RESOLVED,
                    size(layers.values().stream().map(Source::descriptor).toList()));
            layers.keySet().forEach(lease::add);
            Map<Digest, TaskGroup.Subtask<LayerConversion.Result>> results = new LinkedHashMap<>();
            try {
                start(layers, source, destination, workshop, pool, fetches, conversions, meter, results);
                conversions.join();
                fetches.join();
            } catch (ImageException e) {
                throw conversions.rootCause(fetches.rootCause(e));
            }
            Rewriting rewriting = new Rewriting(destination, digest -> result(results, digest));
            Descriptor target = rewriting.rewrite(tree);
            destination.publish(target);
            meter.image(source.name(), ProgressEvent.State.COMPLETE, 0);
            return summary(destination.name(), target, tree, layers, results, meter);
        }
    }

    /// A layer to convert or to keep.
    private record Source(Descriptor descriptor, Digest diffId, boolean keep) {}

    private Map<Digest, Source> layers(SourceTree tree) {
        Map<Digest, Source> layers = new LinkedHashMap<>();
        for (SourceTree.Leaf leaf : tree.leaves()) {
            for (int i = 0; i < leaf.image().layers().size(); i++) {
                Descriptor layer = leaf.image().layers().get(i);
                Digest diffId = leaf.config().diffIds().get(i);
                requireConvertible(layer);
                boolean keep = options.keepsWhatHasTheForm() && options.form().describes(layer);
                Source known = layers.putIfAbsent(layer.digest(), new Source(layer, diffId, keep));
                if (known != null && !known.diffId().equals(diffId)) {
                    throw new ImageException(
                            ErrorKind.INVALID,
                            "layer " + layer.digest() + " has two diffIDs, " + known.diffId() + " and " + diffId
                                    + "; expected one. The image was built wrongly");
                }
            }
        }
        return layers;
    }

    private static void requireConvertible(Descriptor layer) {
        String type = layer.mediaType();
        if (!MediaType.isLayer(type) || type.contains("encrypted")) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "layer " + layer.digest() + " has media type '" + type
                            + "'; expected a file-system layer that is not encrypted. Decrypt the image first");
        }
    }

    private void start(
            Map<Digest, Source> layers,
            ImageSource source,
            ImageDestination destination,
            Workshop workshop,
            CompressionPool pool,
            TaskGroup fetches,
            TaskGroup conversions,
            ConvertMeter meter,
            Map<Digest, TaskGroup.Subtask<LayerConversion.Result>> results) {
        List<Source> all = List.copyOf(layers.values());
        List<LayerFetch> arriving = new LayerFetcher(namespace.content(), source, meter)
                .start(fetches, all.stream().map(Source::descriptor).toList());
        LayerConverter converter = new LayerConverter(pool, options.priorities());
        // each needs a thread of its own beside the pool's; more of them only take memory
        Semaphore turns = new Semaphore(Runtime.getRuntime().availableProcessors());
        for (int i = 0; i < all.size(); i++) {
            Source layer = all.get(i);
            LayerFetch fetch = arriving.get(i);
            Path file = workshop.folder().resolve("layer-" + i);
            LayerConversion conversion =
                    new LayerConversion(fetch, namespace.content(), converter, destination, file, meter);
            results.put(
                    layer.descriptor().digest(),
                    conversions.fork(() ->
                            layer.keep() ? keep(layer, fetch, destination) : conversion.run(turns, layer.diffId())));
        }
    }

    private LayerConversion.Result keep(Source layer, LayerFetch fetch, ImageDestination destination) {
        fetch.awaitStored();
        try (Blob blob = namespace.content().open(layer.descriptor().digest())) {
            destination.put(layer.descriptor(), blob);
        }
        return new LayerConversion.Result(layer.descriptor(), layer.diffId());
    }

    private static LayerConversion.Result result(
            Map<Digest, TaskGroup.Subtask<LayerConversion.Result>> results, Digest layer) {
        TaskGroup.Subtask<LayerConversion.Result> task = results.get(layer);
        if (task == null) {
            throw new ImageException(ErrorKind.INTERNAL, "layer " + layer + " was not converted");
        }
        return task.get();
    }

    private static long size(List<Descriptor> blobs) {
        return blobs.stream().mapToLong(Descriptor::size).sum();
    }

    private static ConvertedImage summary(
            String name,
            Descriptor target,
            SourceTree tree,
            Map<Digest, Source> layers,
            Map<Digest, TaskGroup.Subtask<LayerConversion.Result>> results,
            ConvertMeter meter) {
        List<Descriptor> before = new ArrayList<>();
        List<Descriptor> after = new ArrayList<>();
        layers.forEach((digest, layer) -> {
            if (!layer.keep()) {
                before.add(layer.descriptor());
                after.add(result(results, digest).descriptor());
            }
        });
        return new ConvertedImage(
                name,
                target,
                tree.leaves().size(),
                before.size(),
                layers.size() - before.size(),
                size(before),
                size(after),
                meter.elapsed());
    }

    /// Writes documents for layers that have changed.
    private record Rewriting(
            ImageDestination destination, java.util.function.Function<Digest, LayerConversion.Result> results) {
        Descriptor rewrite(SourceTree tree) {
            return switch (tree) {
                case SourceTree.Leaf leaf -> image(leaf);
                case SourceTree.Branch branch -> index(branch);
            };
        }

        private Descriptor image(SourceTree.Leaf leaf) {
            List<Descriptor> layers = new ArrayList<>();
            List<Digest> diffIds = new ArrayList<>();
            for (Descriptor layer : leaf.image().layers()) {
                LayerConversion.Result result = results.apply(layer.digest());
                layers.add(result.descriptor());
                diffIds.add(result.diffId());
            }
            byte[] configText = leaf.configText().getBytes(StandardCharsets.UTF_8);
            byte[] config = diffIds.equals(leaf.config().diffIds())
                    ? configText
                    : ManifestWriter.withDiffIds(configText, diffIds);
            Manifest.Image image = new Manifest.Image(
                    MediaType.OCI_MANIFEST,
                    put(MediaType.OCI_CONFIG, config),
                    layers,
                    Optional.empty(),
                    leaf.image().artifactType(),
                    leaf.image().annotations());
            return like(leaf.descriptor(), put(MediaType.OCI_MANIFEST, ManifestWriter.write(image)));
        }

        private Descriptor index(SourceTree.Branch branch) {
            List<Descriptor> entries =
                    branch.entries().stream().map(this::rewrite).toList();
            Manifest.Index index = new Manifest.Index(
                    MediaType.OCI_INDEX,
                    entries,
                    Optional.empty(),
                    branch.index().artifactType(),
                    branch.index().annotations());
            return like(branch.descriptor(), put(MediaType.OCI_INDEX, ManifestWriter.write(index)));
        }

        private Descriptor put(String mediaType, byte[] bytes) {
            Descriptor descriptor = new Descriptor(mediaType, Digest.sha256(bytes), bytes.length);
            destination.document(descriptor, bytes);
            return descriptor;
        }

        /// Keeps what an index says of an entry beside its digest.
        private static Descriptor like(Descriptor before, Descriptor after) {
            return new Descriptor(
                    after.mediaType(),
                    after.digest(),
                    after.size(),
                    before.annotations(),
                    before.platform(),
                    before.artifactType(),
                    List.of());
        }
    }
}
