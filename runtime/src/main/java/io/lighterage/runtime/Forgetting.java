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
import java.util.HashSet;
import java.util.List;
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

    /// @return false when some layer is still used, so that its files stayed
    boolean run(Collection<String> names) {
        Set<Digest> freed = new HashSet<>();
        Set<Digest> kept = new HashSet<>();
        List<ImageRecord> all = namespace.images().list();
        for (ImageRecord image : all) {
            collect(image.target(), names.contains(image.name()) ? freed : kept);
        }
        freed.removeAll(kept);
        names.forEach(name -> namespace.images().delete(name));
        boolean gone = true;
        for (Digest digest : freed) {
            gone &= layers.evict(digest);
        }
        store.gc(ABANDONED);
        return gone;
    }

    /// Everything that is here of an image.
    private void collect(Descriptor descriptor, Set<Digest> found) {
        ContentStore content = namespace.content();
        boolean known = !found.add(descriptor.digest());
        boolean document = MediaType.isIndex(descriptor.mediaType()) || MediaType.isManifest(descriptor.mediaType());
        if (known || !document || content.info(descriptor.digest()).isEmpty()) {
            return;
        }
        ManifestParser.parse(descriptor, Documents.read(content, descriptor))
                .children()
                .forEach(child -> collect(child, found));
    }
}
