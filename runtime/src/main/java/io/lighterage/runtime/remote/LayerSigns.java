package io.lighterage.runtime.remote;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.Map;
import java.util.Optional;

/// What the labels of a call say about the layer it is for: those of containerd's CRI plugin and transfer service
/// (`cri.*`) where they are complete, else those of stargz-snapshotter's clients (`stargz.*`).
///
/// @param reference the image as its puller named it
/// @param manifest the manifest that was chosen, where that is said
/// @param layer the layer's blob
record LayerSigns(String reference, Optional<Digest> manifest, Digest layer) {
    private static final String CRI = "containerd.io/snapshot/cri.";
    private static final String STARGZ = "containerd.io/snapshot/remote/stargz.";

    /// @return empty when the labels name no image, as those of a plain `ctr image pull`
    /// @throws ImageException INVALID when what should be a digest is none
    static Optional<LayerSigns> of(Map<String, String> labels) {
        Optional<LayerSigns> cri =
                of(labels, CRI + "image-ref", CRI + "layer-digest", Optional.of(CRI + "manifest-digest"));
        return cri.isPresent() ? cri : of(labels, STARGZ + "reference", STARGZ + "digest", Optional.empty());
    }

    private static Optional<LayerSigns> of(
            Map<String, String> labels, String reference, String layer, Optional<String> manifest) {
        String name = labels.getOrDefault(reference, "");
        String digest = labels.getOrDefault(layer, "");
        if (name.isEmpty() || digest.isEmpty()) {
            return Optional.empty();
        }
        Optional<Digest> chosen = manifest.filter(
                        label -> !labels.getOrDefault(label, "").isEmpty())
                .map(label -> digest(labels, label));
        return Optional.of(new LayerSigns(name, chosen, digest(labels, layer)));
    }

    private static Digest digest(Map<String, String> labels, String label) {
        try {
            return Digest.parse(labels.getOrDefault(label, ""));
        } catch (ImageException e) {
            throw new ImageException(ErrorKind.INVALID, "label " + label + ": " + e.getMessage(), e);
        }
    }
}
