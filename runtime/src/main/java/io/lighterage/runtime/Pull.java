package io.lighterage.runtime;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Lease;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Namespace;
import io.lighterage.contentstore.Platform;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.contentstore.manifest.ManifestParser;
import io.lighterage.remotesnapshotter.fetch.LayerFetch;
import io.lighterage.remotesnapshotter.fetch.LayerFetcher;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.PlatformMatcher;
import io.lighterage.resolver.Resolvers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The pull path, top to bottom: lease, resolve, fetch everything at once, let somebody use the layers while they
/// arrive, record the image.
///
/// @param config where and how
/// @param namespace what the image goes into
/// @param wanted the platform; empty means this machine's
/// @param progress hears of every step
record Pull(RuntimeConfig config, Namespace namespace, Optional<Platform> wanted, ProgressListener progress) {
    /// Longer than any pull that still moves; a killed pull's leavings can be collected after it (containerd's value).
    private static final Duration LEASE = Duration.ofHours(24);

    /// Uses the layers of an image while they arrive.
    @FunctionalInterface
    interface LayerUse<T> {
        T use(Resolution image, ImageConfig config, List<LayerFetch> layers);
    }

    /// What a pull gives: the image, and what became of its layers.
    record Outcome<T>(PulledImage image, T used) {}

    PulledImage run(String reference) {
        return run(reference, (image, imageConfig, layers) -> image).image();
    }

    <T> Outcome<T> run(String reference, LayerUse<T> use) {
        PullMeter meter = new PullMeter(progress);
        try (ImageSource source = Resolvers.installed().open(reference, config.resolver());
                Lease lease = namespace.leases().create(LEASE, Map.of("lighterage.io/pull", source.name()));
                TaskGroup tasks = new TaskGroup("fetch")) {
            Resolution image = resolve(source, meter);
            hold(lease, image);
            return fetchAndUse(image, new LayerFetcher(namespace.content(), source, meter), tasks, use, meter);
        }
    }

    private <T> Outcome<T> fetchAndUse(
            Resolution image, LayerFetcher fetcher, TaskGroup tasks, LayerUse<T> use, PullMeter meter) {
        try {
            List<LayerFetch> fetches = fetcher.start(tasks, image.manifest().children());
            ImageConfig imageConfig = configuration(image, fetches.getFirst());
            T used = use.use(image, imageConfig, fetches.subList(1, fetches.size()));
            tasks.join();
            record(image);
            return new Outcome<>(pulled(image, imageConfig, meter), used);
        } catch (ImageException e) {
            throw tasks.rootCause(e);
        }
    }

    private Resolution resolve(ImageSource source, PullMeter meter) {
        meter.resolving(source.name());
        Resolution image = new ManifestChooser(source::document, wanted).choose(source.name(), source.resolve());
        meter.resolved(image);
        return image;
    }

    /// From here on the collector leaves everything this image needs alone, here already or not yet.
    private void hold(Lease lease, Resolution image) {
        for (Resolution.Document document : image.documents()) {
            lease.add(document.descriptor().digest());
            Documents.write(namespace.content(), document.descriptor(), document.bytes());
        }
        for (Descriptor child : image.manifest().children()) {
            lease.add(child.digest());
        }
    }

    private ImageConfig configuration(Resolution image, LayerFetch fetch) {
        Descriptor descriptor = image.manifest().config();
        if (!MediaType.isConfig(descriptor.mediaType())) {
            return ImageConfig.empty();
        }
        fetch.awaitStored();
        ImageConfig parsed =
                ManifestParser.parseConfig(descriptor.digest(), Documents.read(namespace.content(), descriptor));
        if (wanted.isPresent()
                && !image.platformChosen()
                && !PlatformMatcher.matches(parsed.platform(), wanted.get())) {
            throw new ImageException(
                    ErrorKind.NOT_FOUND,
                    image.name() + " is for platform " + parsed.platform() + "; expected " + wanted.get()
                            + ". Leave --platform out to take what there is");
        }
        return parsed;
    }

    private void record(Resolution image) {
        namespace.images().put(image.name(), image.target(), Map.of());
    }

    private PulledImage pulled(Resolution image, ImageConfig imageConfig, PullMeter meter) {
        PulledImage.Stats stats = meter.complete();
        return new PulledImage(
                image.name(), image.target(), image.manifestDescriptor(), image.manifest(), imageConfig, stats);
    }
}
