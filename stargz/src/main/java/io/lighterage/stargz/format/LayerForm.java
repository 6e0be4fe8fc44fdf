package io.lighterage.stargz.format;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.MediaType;
import java.util.Set;

/// The layer formats that can be written.
public enum LayerForm {
    /// gzip members and an index in the last of them; what containerd's stargz-snapshotter reads.
    ESTARGZ("estargz", MediaType.OCI_LAYER_GZIP, TocAnnotations.ESTARGZ_DIGEST),
    /// zstd frames, the index and tar-split data in skippable frames; what podman, buildah and skopeo read.
    ZSTD_CHUNKED("zstd-chunked", MediaType.OCI_LAYER_ZSTD, TocAnnotations.CHUNKED_DIGEST);

    private final String word;
    private final String mediaType;
    private final String mark;

    LayerForm(String word, String mediaType, String mark) {
        this.word = word;
        this.mediaType = mediaType;
        this.mark = mark;
    }

    /// What people call it, such as `estargz`.
    public String word() {
        return word;
    }

    /// Media type of its layers.
    public String mediaType() {
        return mediaType;
    }

    /// Whether a layer's descriptor says that the layer has this form.
    public boolean describes(Descriptor layer) {
        boolean zstd = layer.mediaType().endsWith("zstd");
        return zstd == (this == ZSTD_CHUNKED) && layer.annotations().containsKey(mark);
    }

    /// Every annotation of a layer's descriptor that is about its form, and void once the layer has another.
    public static Set<String> annotations() {
        return TocAnnotations.ALL;
    }
}
