package io.lighterage.runtime;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Platform;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.contentstore.manifest.Manifest;
import io.lighterage.contentstore.manifest.ManifestParser;
import io.lighterage.resolver.PlatformMatcher;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Follows a descriptor through indexes to the manifest for one platform.
///
/// @param documents reads a verified document
/// @param wanted the platform; empty means this machine's
record ManifestChooser(Function<Descriptor, byte[]> documents, Optional<Platform> wanted) {
    /// Indexes of indexes occur (attestation bundles, multi-vendor lists); deeper than this is an attack.
    private static final int MAX_DEPTH = 8;

    Resolution choose(String name, Descriptor target) {
        Platform platform = wanted.orElseGet(PlatformMatcher::host);
        List<Resolution.Document> path = new ArrayList<>();
        Set<Descriptor> seen = new HashSet<>();
        Descriptor next = target;
        while (true) {
            if (path.size() >= MAX_DEPTH || !seen.add(next)) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        name + ": index " + next.digest() + " nests deeper than " + MAX_DEPTH
                                + " levels or contains itself; expected a manifest");
            }
            byte[] bytes = documents.apply(next);
            path.add(new Resolution.Document(next, bytes));
            switch (ManifestParser.parse(next, bytes)) {
                case Manifest.Image image -> {
                    return new Resolution(name, path, image, path.size() > 1);
                }
                case Manifest.Index index -> next = entryFor(name, index, platform);
            }
        }
    }

    private Descriptor entryFor(String name, Manifest.Index index, Platform platform) {
        Optional<Descriptor> best = PlatformMatcher.best(index.manifests(), platform);
        if (best.isPresent()) {
            return best.get();
        }
        for (Descriptor candidate : PlatformMatcher.withoutPlatform(index.manifests())) {
            if (fits(candidate, platform)) {
                return candidate;
            }
        }
        throw new ImageException(
                ErrorKind.NOT_FOUND,
                name + " has no image for platform " + platform + "; it has " + offered(index)
                        + ". Choose one with --platform");
    }

    private static String offered(Manifest.Index index) {
        return index.manifests().stream()
                .map(entry -> entry.platform().map(Platform::toString).orElse("one that names no platform"))
                .distinct()
                .limit(20)
                .collect(Collectors.joining(", "));
    }

    /// An entry that names no platform is asked itself: a nested index by its entries, a manifest by its config.
    private boolean fits(Descriptor candidate, Platform platform) {
        return switch (ManifestParser.parse(candidate, documents.apply(candidate))) {
            case Manifest.Index nested ->
                PlatformMatcher.best(nested.manifests(), platform).isPresent();
            case Manifest.Image image -> {
                ImageConfig config =
                        ManifestParser.parseConfig(image.config().digest(), documents.apply(image.config()));
                yield PlatformMatcher.matches(config.platform(), platform);
            }
        };
    }
}
