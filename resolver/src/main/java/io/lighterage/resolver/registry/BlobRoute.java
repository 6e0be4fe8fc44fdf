package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest.ByteRange;
import java.io.IOException;

/// A place the bytes of one blob can be had from.
interface BlobRoute {
    Descriptor descriptor();

    /// Asks for a part of the blob; for all of it, no `Range` is sent.
    ///
    /// The body may begin at 0 although a later part was asked for: then the server ignores ranges.
    ///
    /// @throws ImageException a [RegistryFailure] when there is no such answer; CORRUPT when it contradicts the
    ///     descriptor
    BlobBody open(ByteRange wanted);

    /// What a body that broke off means.
    ImageException broken(BlobBody body, IOException e);

    /// What the servers of this source are known to make of ranges.
    RangeSupport ranges();
}
