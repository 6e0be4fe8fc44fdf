package io.lighterage.runtime.remote;

import io.lighterage.contentstore.Digest;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import io.lighterage.runtime.ConvertOptions;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.OpenedImage;
import io.lighterage.runtime.ProgressListener;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.TestImage;
import io.lighterage.stargz.format.LayerForm;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the labels of a call say of an image's layers, base first.
///
/// @param chain their chain ids
/// @param blobs their digests
record NamedLayers(List<Digest> chain, List<Digest> blobs) {
    /// Writes an image whose layers can be read in parts.
    ///
    /// @param layout where it goes
    /// @param work a root for the conversion
    static NamedLayers lazy(Path layout, Path work, byte[]... tars) {
        MemoryUpstream plain = new MemoryUpstream();
        TestImage.put(plain, "app", tars);
        try (MirrorServer source = MirrorServer.start(MirrorOptions.defaults(), plain);
                ImageRuntime converting = ImageRuntime.open(RuntimeConfig.at(work))) {
            String destination = "oci:" + layout + ":latest";
            converting.convert(
                    source.hostPort() + "/app:latest",
                    destination,
                    ConvertOptions.to(LayerForm.ESTARGZ),
                    ProgressListener.NONE);
            LazyOptions options = LazyOptions.defaults().withBackground(false);
            try (OpenedImage image =
                    converting.open(destination, Optional.empty(), options, false, ProgressListener.NONE)) {
                List<Digest> blobs = image.layers().layers().stream()
                        .map(layer -> layer.descriptor().digest())
                        .toList();
                return new NamedLayers(ChainId.of(image.config().diffIds()), blobs);
            }
        }
    }

    /// Puts an image whose layers have no table of contents under `repository:latest`.
    static NamedLayers plain(MemoryUpstream upstream, String repository, byte[]... tars) {
        List<Digest> diffIds = Arrays.stream(tars).map(Digest::sha256).toList();
        return new NamedLayers(
                ChainId.of(diffIds), TestImage.put(upstream, repository, tars).layers());
    }

    /// Those with which stargz-snapshotter's clients ask for a layer.
    Map<String, String> labels(String reference, int layer) {
        return Map.of(
                Snapshotter.TARGET_LABEL,
                chain.get(layer).toString(),
                "containerd.io/snapshot/remote/stargz.reference",
                reference,
                "containerd.io/snapshot/remote/stargz.digest",
                blobs.get(layer).toString());
    }
}
