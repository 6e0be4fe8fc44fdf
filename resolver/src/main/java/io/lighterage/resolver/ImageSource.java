package io.lighterage.resolver;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest;
import java.util.function.LongConsumer;

/// One named image at its source. Safe for use by several threads; closing cancels requests in flight.
public interface ImageSource extends AutoCloseable {
    /// The fully qualified name the image is recorded under, such as `docker.io/library/debian:12`.
    String name();

    /// The descriptor the reference stands for now: an index or a manifest.
    ///
    /// @throws io.lighterage.contentstore.ImageException NOT_FOUND, UNAUTHENTICATED, DENIED, UNAVAILABLE, …
    Descriptor resolve();

    /// The descriptor of the image that stands in the same repository under this one's tag with `suffix` behind it:
    /// there tools put what belongs to an image. [#document] and [#blob] read it, too.
    ///
    /// @throws ImageException NOT_FOUND when there is none, or this one was named without a tag; else as [#resolve]
    default Descriptor beside(String suffix) {
        throw new ImageException(
                ErrorKind.NOT_FOUND, "there is no image " + name() + suffix + ": its source has no other images");
    }

    /// Reads a whole small document (manifest, index, configuration), verified against digest and size.
    ///
    /// @throws io.lighterage.contentstore.ImageException INVALID when it is larger than 4 MiB, CORRUPT when the
    ///     bytes do not match the descriptor
    byte[] document(Descriptor descriptor);

    /// Copies the bytes that `into` misses, with as many requests as pay off, retrying what is worth it. Returns
    /// when nothing is missing. Neither commits nor closes the ingest.
    ///
    /// @param priority while requests queue, those of a lower number go first, then those of a lower offset
    /// @param received hears the number of new bytes as they arrive, from any thread
    void fetch(Descriptor descriptor, Ingest into, int priority, LongConsumer received);

    /// Opens the blob for reads of any part of it at any time, without asking anybody anything yet.
    RemoteBlob blob(Descriptor descriptor);

    @Override
    void close();
}
