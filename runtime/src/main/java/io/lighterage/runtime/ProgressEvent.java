package io.lighterage.runtime;

import java.time.Instant;

/// One step of a pull or an unpack, as a terminal, a log or a program shows it.
///
/// @param at when it happened
/// @param subject what it is about: a layer's or document's digest, or the image's name
/// @param state what began or ended
/// @param current bytes done, of `total`
/// @param total bytes in all, or 0 when that is not known
public record ProgressEvent(Instant at, String subject, State state, long current, long total) {
    /// The states of an image and of its layers. A layer goes through them in this order, leaving some out.
    public enum State {
        /// The reference is being resolved; the subject is the image's name.
        RESOLVING,
        /// The manifest is known; the subject is the image's name, `total` the bytes of all blobs.
        RESOLVED,
        /// The layer waits for its turn or for another process.
        WAITING,
        /// The store had the layer.
        EXISTS,
        /// Bytes arrive.
        DOWNLOADING,
        /// All bytes are here and verified.
        DOWNLOADED,
        /// The layer is being unpacked; `current` counts uncompressed bytes.
        UNPACKING,
        /// The layer is unpacked and its diffID is verified.
        UNPACKED,
        /// The layer is being written in another form; `current` counts uncompressed bytes.
        CONVERTING,
        /// The layer is at its destination.
        CONVERTED,
        /// Everything is done; the subject is the image's name.
        COMPLETE
    }
}
