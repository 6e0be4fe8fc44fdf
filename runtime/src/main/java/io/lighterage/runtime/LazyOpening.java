package io.lighterage.runtime;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ImageRecord;
import io.lighterage.contentstore.Lease;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Namespace;
import io.lighterage.contentstore.Platform;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.contentstore.manifest.Manifest;
import io.lighterage.contentstore.manifest.ManifestParser;
import io.lighterage.remotesnapshotter.lazy.LayerCache;
import io.lighterage.remotesnapshotter.lazy.LazyImage;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.Resolvers;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/// The lazy path, top to bottom: what the name stands for, then the configuration and the indexes of all layers
/// at the same time. Three round trips for an image behind an index, whatever the number of its layers, and
/// none for one that was opened before.
///
/// @param config where and how
/// @param namespace what the image's documents go into
/// @param cache where its layers lie
/// @param wanted the platform; empty means this machine's
/// @param progress hears of layers that have to be pulled
record LazyOpening(
        RuntimeConfig config,
        Namespace namespace,
        LayerCache cache,
        Optional<Platform> wanted,
        ProgressListener progress) {
    /// Longer than opening takes when layers have to be pulled for it.
    private static final Duration LEASE = Duration.ofHours(24);

    /// @param refresh whether the source is asked what the name stands for now, even where that is recorded here
    OpenedImage run(String reference, LazyOptions options, boolean refresh) {
        PullMeter meter = new PullMeter(progress);
        Instant begun = Instant.now();
        ImageSource source = Resolvers.installed().open(reference, config.resolver());
        boolean handedOver = false;
        try (Lease lease = namespace.leases().create(LEASE, Map.of("lighterage.io/open", source.name()))) {
            Resolution image = resolve(source, meter, refresh);
            Duration resolving = Duration.between(begun, Instant.now());
            handedOver = true; // from here on the image closes it
            OpenedImage opened = open(source, image, options, meter, lease, resolving);
            namespace.images().put(image.name(), image.target(), Map.of());
            return opened;
        } finally {
            if (!handedOver) {
                source.close();
            }
        }
    }

    private Resolution resolve(ImageSource source, PullMeter meter, boolean refresh) {
        meter.resolving(source.name());
        Optional<ImageRecord> here =
                refresh ? Optional.empty() : namespace.images().get(source.name());
        Descriptor target = here.map(ImageRecord::target).orElseGet(source::resolve);
        Resolution image = new ManifestChooser(documents(source)::get, wanted).choose(source.name(), target);
        meter.resolved(image);
        return image;
    }

    private DocumentReader documents(ImageSource source) {
        return new DocumentReader(namespace.content(), source);
    }

    /// Writing durably takes milliseconds a document, so it goes on while the layers are opened.
    private Resolution hold(Lease lease, Resolution image) {
        for (Resolution.Document document : image.documents()) {
            lease.add(document.descriptor().digest());
            Documents.write(namespace.content(), document.descriptor(), document.bytes());
        }
        for (Descriptor child : image.manifest().children()) {
            lease.add(child.digest());
        }
        return image;
    }

    private OpenedImage open(
            ImageSource source,
            Resolution image,
            LazyOptions options,
            PullMeter meter,
            Lease lease,
            Duration resolving) {
        Manifest.Image manifest = image.manifest();
        try (TaskGroup tasks = new TaskGroup("documents")) {
            tasks.fork(() -> hold(lease, image));
            TaskGroup.Subtask<ImageConfig> configuration = tasks.fork(() -> configuration(source, manifest.config()));
            LazyImage layers = LazyImage.open(
                    cache,
                    namespace.content(),
                    source,
                    image.name(),
                    manifest.layers(),
                    () -> configuration.get().diffIds(),
                    options,
                    meter);
            boolean done = false;
            try {
                tasks.join();
                OpenedImage opened = new OpenedImage(
                        layers, image.target(), image.manifestDescriptor(), configuration.get(), resolving);
                done = true;
                return opened;
            } finally {
                if (!done) {
                    layers.close();
                }
            }
        }
    }

    private ImageConfig configuration(ImageSource source, Descriptor descriptor) {
        if (!MediaType.isConfig(descriptor.mediaType())) {
            return ImageConfig.empty();
        }
        byte[] bytes = documents(source).get(descriptor);
        Documents.write(namespace.content(), descriptor, bytes);
        return ManifestParser.parseConfig(descriptor.digest(), bytes);
    }
}
