package io.lighterage.runtime;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Platform;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.contentstore.manifest.Manifest;
import io.lighterage.contentstore.manifest.ManifestParser;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.PlatformMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// All images a reference stands for, with their documents.
sealed interface SourceTree {
    /// Indexes of indexes occur; deeper than this is an attack.
    int MAX_DEPTH = 8;

    System.Logger LOG = System.getLogger(SourceTree.class.getName());

    Descriptor descriptor();

    /// One image.
    ///
    /// @param configText its configuration as it was served
    /// @param config the same, parsed
    record Leaf(Descriptor descriptor, Manifest.Image image, String configText, ImageConfig config)
            implements SourceTree {}

    /// Several.
    record Branch(Descriptor descriptor, Manifest.Index index, List<SourceTree> entries) implements SourceTree {
        public Branch {
            entries = List.copyOf(entries);
        }
    }

    /// Every image, in order.
    default List<Leaf> leaves() {
        return switch (this) {
            case Leaf leaf -> List.of(leaf);
            case Branch branch ->
                branch.entries().stream().flatMap(e -> e.leaves().stream()).toList();
        };
    }

    /// Reads what the source stands for: every image, or those for one platform.
    ///
    /// What an index lists beside images (attestations, signatures) speaks of the images as they were, and is left
    /// out.
    ///
    /// @throws ImageException NOT_FOUND when there is none, UNSUPPORTED when it is no image
    static SourceTree read(ImageSource source, Optional<Platform> wanted) {
        SourceTree tree = read(source, source.resolve(), wanted, 0);
        if (tree.leaves().isEmpty()) {
            throw new ImageException(
                    ErrorKind.NOT_FOUND,
                    source.name() + " has no image"
                            + wanted.map(p -> " for platform " + p + "; leave --platform out to take all it has")
                                    .orElse("; expected at least one"));
        }
        return tree;
    }

    private static SourceTree read(ImageSource source, Descriptor at, Optional<Platform> wanted, int depth) {
        if (depth > MAX_DEPTH) {
            throw new ImageException(
                    ErrorKind.INVALID, source.name() + ": indexes nest deeper than " + MAX_DEPTH + " levels");
        }
        return switch (ManifestParser.parse(at, source.document(at))) {
            case Manifest.Image image -> leaf(source, at, image);
            case Manifest.Index index -> {
                List<SourceTree> entries = new ArrayList<>();
                for (Descriptor entry : index.manifests()) {
                    if (wants(source, entry, wanted)) {
                        SourceTree child = read(source, entry, wanted, depth + 1);
                        if (!(child instanceof Branch branch && branch.entries().isEmpty())) {
                            entries.add(child);
                        }
                    }
                }
                yield new Branch(at, index, entries);
            }
        };
    }

    private static boolean wants(ImageSource source, Descriptor entry, Optional<Platform> wanted) {
        boolean image = PlatformMatcher.isImage(entry);
        if (!image) {
            LOG.log(
                    System.Logger.Level.INFO,
                    () -> source.name() + ": " + entry.digest()
                            + " is no image and speaks of the unconverted ones; left out");
        }
        boolean fits = wanted.isEmpty()
                || entry.platform()
                        .map(platform -> PlatformMatcher.matches(platform, wanted.get()))
                        .orElse(true);
        return image && fits;
    }

    private static SourceTree leaf(ImageSource source, Descriptor at, Manifest.Image image) {
        if (!MediaType.isConfig(image.config().mediaType())) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    source.name() + ": manifest " + at.digest() + " has a configuration of type '"
                            + image.config().mediaType() + "'; expected an image. Artifacts have no layers to convert");
        }
        byte[] text = source.document(image.config());
        ImageConfig config = ManifestParser.parseConfig(image.config().digest(), text);
        if (config.diffIds().size() != image.layers().size()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    source.name() + " has " + image.layers().size() + " layers but its configuration names "
                            + config.diffIds().size() + " diff_ids; expected as many. The image was built wrongly");
        }
        return new Leaf(at, image, new String(text, java.nio.charset.StandardCharsets.UTF_8), config);
    }
}
