package io.lighterage.stargz.format;

import io.lighterage.stargz.compress.DecompressionLimits;

/// How much of a table of contents a reader puts up with.
final class TocLimits {
    /// 150 MiB, containers/storage's limit too: half a million files of 300 bytes each.
    static final long MAX_BYTES = 150L << 20;

    /// Digests do not compress, so an honest one stays below 20:1 unless it is mostly directories.
    private static final int MAX_RATIO = 100;

    /// Small ones may be as they like.
    private static final long RATIO_FREE = 4L << 20;

    static final DecompressionLimits DECOMPRESSION = new DecompressionLimits(MAX_BYTES, MAX_RATIO, RATIO_FREE);

    /// Longest piece of text: a path, a link target or an attribute's value of 64 KiB in base64.
    static final int MAX_TEXT = 128 << 10;

    /// Names of fields and of extended attributes.
    static final int MAX_NAME = 1024;

    private TocLimits() {}
}
