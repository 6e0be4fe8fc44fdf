package io.lighterage.remotesnapshotter.fetch;

import io.lighterage.contentstore.Descriptor;

/// Hears how a blob comes in. Called from any thread, [#received] often; must not block.
public interface FetchListener {
    /// The blob waits for its turn, or for another process that writes it.
    void waiting(Descriptor blob);

    /// The store had the blob.
    void present(Descriptor blob);

    /// Bytes begin to arrive; `resumed` of them were on disk already.
    void started(Descriptor blob, long resumed);

    /// That many more bytes came over the wire.
    void received(Descriptor blob, long bytes);

    /// The blob is complete, verified and durable.
    void stored(Descriptor blob);
}
