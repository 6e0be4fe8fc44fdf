package io.lighterage.contentstore;

import java.util.List;

/// Tells the garbage collector what a document points at.
///
/// The store itself reads no manifests; whoever opens it passes the parser in.
@FunctionalInterface
public interface ChildrenReader {
    /// What the document needs kept with it, as [io.lighterage.contentstore.manifest.Manifest#children] lists it.
    ///
    /// @param document type, digest and size. The media type is empty when nobody recorded one, and may be neither
    ///     an index nor a manifest; then the document itself has to say what it is
    /// @param content the whole document, its digest checked; at most 4 MiB
    /// @return the children, empty for content that points at nothing
    /// @throws ImageException when the document cannot be understood
    List<Descriptor> children(Descriptor document, byte[] content);
}
