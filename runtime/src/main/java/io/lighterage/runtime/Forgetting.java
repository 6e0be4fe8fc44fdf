package io.lighterage.runtime;

import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageRecord;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Namespace;
import io.lighterage.contentstore.Store;
import io.lighterage.contentstore.manifest.ManifestParser;
import io.lighterage.remotesnapshotter.lazy.LayerCache;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Takes images off the disk that were opened lazily: their records, the layers that no other image of the namespace
/// has, and what the collector finds then.
///
/// @param store what is collected
/// @param namespace where the images are recorded
/// @param layers what their layers lie in
record Forgetting(Store store, Namespace namespace, LayerCache layers) {
    /// As `lighter gc` has it: half-done downloads of others are given a day.
    private static final Duration ABANDONED = Duration.ofHours(24);

    /// @return false when some layer is still used: its image stays recorded, so that a later call finds it
    ///     again
    boolean run(Collection<String> names) {
        Set<Digest> kept = new HashSet<>();
        Map<String, Set<Digest>> over = new HashMap<>();
        for (ImageRecord image : namespace.images().list()) {
            boolean forgotten = names.contains(image.name());
            collect(
                    namespace.content(),
                    image.target(),
                    forgotten ? over.computeIfAbsent(image.name(), name -> new HashSet<>()) : kept);
        }
        boolean all = true;
        for (Map.Entry<String, Set<Digest>> image : over.entrySet()) {
            boolean gone = true;
            for (Digest digest : image.getValue()) {
                gone &= kept.contains(digest) || layers.evict(digest);
            }
            if (gone) {
                namespace.images().delete(image.getKey());
            }
            all &= gone;
        }
        store.gc(ABANDONED);
        return all;
    }

    /// Frees layers that no image of any namespace has: an opening that failed or was killed records no image for
    /// those it had opened.
    ///
    /// @return bytes
    long strays() {
        Set<Digest> named = new HashSet<>();
        for (String name : store.namespaces()) {
            Namespace each = store.namespace(name);
            each.images().list().forEach(image -> collect(each.content(), image.target(), named));
        }
        return layers.retain(named);
    }

    /// The image's documents, configurations and layers.
    Set<Digest> parts(ImageRecord image) {
        Set<Digest> found = new HashSet<>();
        collect(namespace.content(), image.target(), found);
        return found;
    }

    /// Everything that is here of an image.
    private static void collect(ContentStore content, Descriptor descriptor, Set<Digest> found) {
        boolean known = !found.add(descriptor.digest());
        boolean document = MediaType.isIndex(descriptor.mediaType()) || MediaType.isManifest(descriptor.mediaType());
        if (known || !document || content.info(descriptor.digest()).isEmpty()) {
            return;
        }
        ManifestParser.parse(descriptor, Documents.read(content, descriptor))
                .children()
                .forEach(child -> collect(content, child, found));
    }
}
