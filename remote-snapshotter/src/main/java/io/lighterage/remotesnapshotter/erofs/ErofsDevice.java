package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;

/// A file whose blocks an image refers to.
///
/// @param tag which one it is: the digest of the layer in hexadecimal, at most 64 ASCII characters; a
///     longer digest is cut
/// @param blocks of 4096 bytes, at least one
public record ErofsDevice(String tag, long blocks) {
    public ErofsDevice {
        boolean ascii = tag.chars().allMatch(c -> c > ' ' && c < 0x7f);
        if (!ascii || tag.isEmpty() || tag.length() > ErofsFormat.SLOT_TAG_BYTES) {
            throw new ImageException(ErrorKind.INVALID, "an EROFS device cannot have the tag '" + tag + "'");
        }
        if (blocks < 1 || blocks > ErofsFormat.MAX_BLOCKS) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "device " + tag + " has " + blocks + " blocks of 4096 bytes; EROFS has numbers for 1 to "
                            + ErofsFormat.MAX_BLOCKS);
        }
    }

    /// Bytes that the file must have at least.
    public long bytes() {
        return blocks << ErofsFormat.BLOCK_BITS;
    }
}
