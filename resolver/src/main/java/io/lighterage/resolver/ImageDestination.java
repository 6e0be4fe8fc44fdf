package io.lighterage.resolver;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Descriptor;
import java.nio.file.Path;
import java.util.Optional;

/// Where one image is written to: its blobs in any order, then the documents that name them, then the name.
///
/// Safe for use by several threads. Closing gives up what is not complete.
public interface ImageDestination extends AutoCloseable {
    /// The fully qualified name, such as `oci:/srv/images/debian:12`.
    String name();

    /// A folder for files that [#adopt] then need not copy, where the destination has one; emptied by [#close].
    Optional<Path> workshop();

    /// Puts a blob there, unless it is there already.
    ///
    /// @param content its bytes, which stay the caller's to close
    /// @throws io.lighterage.contentstore.ImageException CORRUPT when the bytes are not what the descriptor says;
    ///     EXHAUSTED, DENIED, UNAVAILABLE, …
    void put(Descriptor blob, Blob content);

    /// As [#put], for a file that nobody else needs any more: it may be moved.
    ///
    /// @param file has the bytes the descriptor says, which is the caller's word
    void adopt(Descriptor blob, Path file);

    /// Puts a manifest, index or configuration. What it names must have been put.
    void document(Descriptor descriptor, byte[] bytes);

    /// Lets the name stand for a document that was put. Nobody sees the image before.
    void publish(Descriptor target);

    @Override
    void close();
}
