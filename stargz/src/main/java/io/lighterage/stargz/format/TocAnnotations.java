package io.lighterage.stargz.format;

import java.util.Set;

/// Annotations of a layer's descriptor that say where its index is and what digest it must have.
final class TocAnnotations {
    /// sha256 of the index of an eStargz layer, uncompressed.
    static final String ESTARGZ_DIGEST = "containerd.io/snapshot/stargz/toc.digest";

    /// Decimal length of the uncompressed layer.
    static final String UNCOMPRESSED_SIZE = "io.containers.estargz.uncompressed-size";

    /// Ours: decimal offset of the member that holds the index, so that opening a layer takes one request.
    static final String TOC_OFFSET = "io.lighterage.toc.offset";

    /// sha256 of the index of a zstd:chunked layer, compressed.
    static final String CHUNKED_DIGEST = "io.github.containers.zstd-chunked.manifest-checksum";

    /// `offset:compressed length:length:1` of the index.
    static final String CHUNKED_POSITION = "io.github.containers.zstd-chunked.manifest-position";

    /// `offset:compressed length:length` of the tar-split data.
    static final String TAR_SPLIT_POSITION = "io.github.containers.zstd-chunked.tarsplit-position";

    /// These, and those of older and of related tools.
    static final Set<String> ALL = Set.of(
            ESTARGZ_DIGEST,
            UNCOMPRESSED_SIZE,
            TOC_OFFSET,
            CHUNKED_DIGEST,
            CHUNKED_POSITION,
            TAR_SPLIT_POSITION,
            "io.github.containers.zstd-chunked.tarsplit-checksum",
            "io.containers.zstd-chunked.manifest-checksum",
            "io.containers.zstd-chunked.manifest-position");

    private TocAnnotations() {}
}
