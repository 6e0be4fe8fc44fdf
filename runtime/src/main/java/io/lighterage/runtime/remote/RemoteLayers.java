package io.lighterage.runtime.remote;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.ImageRecord;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.remotesnapshotter.mount.TreeMounter;
import io.lighterage.remotesnapshotter.snapshots.LayerSource;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.MountReport;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Layers of images in registries, found by the labels of the calls that ask for them.
///
/// The first layer of an image to be asked for opens all of it; a snapshot that is taken remembers the image by the
/// digest of its manifest, which is recorded with everything needed to open it again without a registry.
public final class RemoteLayers implements LayerSource {
    /// On a snapshot that was taken: the image, as `repository@digest`.
    static final String IMAGE_LABEL = "io.lighterage/image";

    /// On a snapshot that was taken: the digest of the layer's blob.
    static final String LAYER_LABEL = "io.lighterage/layer";

    private static final System.Logger LOG = System.getLogger(RemoteLayers.class.getName());

    private final ImageRuntime runtime;
    private final TakenImages images;
    private final MountedChains mounts;
    private final InheritedLayers inherited;
    private final MountAbility ability;
    private final StrayLayers strays;

    /// @param runtime opens images; in a namespace of its own, since this forgets those that no snapshot needs.
    ///     Stays the caller's to close
    public RemoteLayers(ImageRuntime runtime, TreeMounter mounter, RemoteOptions options) {
        this.runtime = runtime;
        this.strays = new StrayLayers(runtime);
        this.images = new TakenImages(runtime, options, strays::look);
        this.mounts = new MountedChains(runtime, mounter, options);
        this.inherited = new InheritedLayers(runtime, mounter, options);
        this.ability = new MountAbility(mounter, runtime.store().root().resolve("trial"), options.failed());
    }

    @Override
    public Answer take(Request request) {
        try {
            Optional<LayerSigns> signs = LayerSigns.of(request.labels());
            Optional<String> refusal = ability.refusal();
            if (refusal.isPresent()) {
                return new Answer.NotHere("nothing can be mounted here: " + refusal.get());
            }
            return signs.isEmpty()
                    ? new Answer.NotHere("the labels of the call name no image")
                    : take(request, signs.get());
        } catch (ImageException e) {
            LOG.log(System.Logger.Level.DEBUG, "not taken: " + request.target(), e);
            return new Answer.NotHere(String.valueOf(e.getMessage()));
        }
    }

    private Answer take(Request request, LayerSigns signs) {
        TakenImages.Taken taken = images.get(signs);
        int at = taken.chain().stream().map(Digest::toString).toList().indexOf(request.target());
        if (at < 0) {
            return new Answer.NotHere(taken.name() + " has no layer of that chain id");
        }
        Digest layer = taken.image().layers().layers().get(at).descriptor().digest();
        if (!layer.equals(signs.layer())) {
            return new Answer.NotHere(
                    "layer " + at + " of " + taken.name() + " is " + layer + ", and the labels name " + signs.layer());
        }
        String below = at == 0 ? "" : taken.chain().get(at - 1).toString();
        String parent = request.parent()
                .map(record -> record.labels().getOrDefault(Snapshotter.TARGET_LABEL, "?"))
                .orElse("");
        return parent.equals(below)
                ? new Answer.Ready(
                        Map.of(IMAGE_LABEL, taken.name(), LAYER_LABEL, layer.toString()),
                        at == taken.chain().size() - 1)
                : new Answer.NotHere("it would lie on '" + parent + "'; expected '" + below + "'");
    }

    @Override
    public boolean isSame(SnapshotRecord taken, Map<String, String> labels) {
        try {
            return LayerSigns.of(labels)
                    .filter(signs ->
                            signs.layer().toString().equals(taken.labels().get(LAYER_LABEL)))
                    .isPresent();
        } catch (ImageException e) {
            LOG.log(System.Logger.Level.DEBUG, "labels are passed over", e);
            return false;
        }
    }

    @Override
    public void expect(SnapshotRecord layer, Path fs) {
        mounts.begin(image(layer), chain(layer), fs);
    }

    @Override
    public void check(SnapshotRecord layer, Path fs) {
        mounts.ensure(image(layer), chain(layer), fs);
    }

    private static String image(SnapshotRecord layer) {
        return layer.labels().getOrDefault(IMAGE_LABEL, "?");
    }

    private static String chain(SnapshotRecord layer) {
        return layer.labels().getOrDefault(Snapshotter.TARGET_LABEL, "?");
    }

    @Override
    public void release(Path fs) {
        mounts.release(fs);
    }

    /// How the mounts of this process stand now.
    public List<MountReport> reports() {
        return mounts.reports();
    }

    /// How many mounts this process has.
    public int mounts() {
        return mounts.count();
    }

    @Override
    public boolean keepOnly(Collection<SnapshotRecord> layers) {
        Set<String> needed = layers.stream()
                .map(layer -> layer.labels().getOrDefault(IMAGE_LABEL, ""))
                .collect(Collectors.toSet());
        Optional<Set<String>> stay = images.keepOnly(needed);
        if (stay.isEmpty()) {
            return false;
        }
        inherited.keepOnly(stay.get());
        List<String> over = runtime.images().stream()
                .map(ImageRecord::name)
                .filter(name -> !stay.get().contains(name))
                .toList();
        boolean all = over.isEmpty() || runtime.forgetLazily(over);
        return all && needed.containsAll(stay.get());
    }

    @Override
    public void close() {
        images.close();
        mounts.close();
        inherited.close();
        ability.close();
        strays.close();
    }
}
