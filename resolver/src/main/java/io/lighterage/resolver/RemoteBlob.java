package io.lighterage.resolver;

import io.lighterage.contentstore.Blob;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// The bytes of one blob at its source, any part of them at any time, none of them kept.
///
/// Opening one asks nobody anything. Credentials, tokens and the addresses a registry redirects to are renewed as
/// they expire, so it stays usable for as long as the [ImageSource] it came from is open. Nothing is verified here:
/// only who knows a digest of the part can do that.
public interface RemoteBlob extends Blob {
    /// Somebody waits for the bytes.
    int DEMAND = 0;
    /// Somebody is expected to ask for the bytes soon.
    int PREFETCH = 1;
    /// Nobody is known to want the bytes.
    int BACKGROUND = 2;

    /// Reads `[offset, offset + length)` as one logical request. The pieces arrive in order on the calling thread
    /// and are the consumer's until it returns. A connection that breaks is resumed from where it stopped, as often
    /// as the source's configuration says; a server that ignores ranges is read and skipped up to `offset`.
    ///
    /// @param priority [#DEMAND], [#PREFETCH] or [#BACKGROUND], or a larger number. While requests queue, lower
    ///     ones go first, and those of [#DEMAND] never wait for others
    /// @param pieces what it throws ends the request and is thrown on
    /// @throws io.lighterage.contentstore.ImageException INVALID when the range does not lie in the blob;
    ///     CORRUPT when the server contradicts the descriptor; UNAVAILABLE, UNAUTHENTICATED, DENIED, NOT_FOUND,
    ///     CANCELLED
    void stream(long offset, long length, int priority, Consumer<ByteBuffer> pieces);

    /// Requests sent to a registry for this blob so far.
    long requests();

    /// Whether the server is known to ignore ranges, so that a part costs as much as everything before it, too.
    boolean ignoresRanges();

    /// A blob that is at hand, as one at a source.
    ///
    /// @param blob closed when the result is
    static RemoteBlob near(Blob blob) {
        return new NearBlob(blob);
    }
}
