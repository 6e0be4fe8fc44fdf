package io.lighterage.stargz.compress;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;

/// How much one compressed layer may become.
///
/// @param maxUncompressed no layer may be longer than this, in bytes
/// @param maxRatio uncompressed bytes per compressed byte of the whole blob, checked beyond `ratioFree`
/// @param ratioFree so many bytes may come out whatever the ratio
public record DecompressionLimits(long maxUncompressed, int maxRatio, long ratioFree) {
    /// 1 TiB: an order of magnitude above the largest machine-learning layers seen.
    public static final long MAX_UNCOMPRESSED = 1L << 40;

    /// Deflate cannot exceed 1032:1 and a bomb sits just below that; file trees stay under 20:1. 250 leaves room for
    /// layers that hold mostly preallocated zeros.
    public static final int MAX_RATIO = 250;

    /// 1 GiB: a bomb this small does no harm, and small layers of zeros are legitimate.
    public static final long RATIO_FREE = 1L << 30;

    /// The limits used where nobody names others.
    public static final DecompressionLimits DEFAULT = new DecompressionLimits(MAX_UNCOMPRESSED, MAX_RATIO, RATIO_FREE);

    public DecompressionLimits {
        if (maxUncompressed < 0 || maxRatio < 1 || ratioFree < 0) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "decompression limits " + maxUncompressed + " bytes, ratio " + maxRatio + " beyond " + ratioFree
                            + " bytes are not valid; expected no negatives and a ratio of at least 1");
        }
    }

    /// Bytes that a blob of `compressed` bytes may become.
    long allowance(long compressed) {
        long byRatio = compressed > Long.MAX_VALUE / maxRatio ? Long.MAX_VALUE : compressed * maxRatio;
        return Math.min(maxUncompressed, Math.max(ratioFree, byRatio));
    }

    /// The failure of a blob that became more than its allowance.
    ImageException exceeded(String what, long compressed, long uncompressed) {
        String rule = uncompressed > maxUncompressed
                ? "limit is " + maxUncompressed + " bytes"
                : "limit is " + maxRatio + " times the compressed size once past " + ratioFree + " bytes";
        return new ImageException(
                ErrorKind.INVALID,
                what + " is a decompression bomb: " + compressed + " compressed bytes have become " + uncompressed
                        + " already; the " + rule + ". Nothing more was read from it");
    }
}
