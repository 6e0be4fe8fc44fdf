package io.lighterage.resolver;

/// Turns the text a user names an image by into something images can be read from.
///
/// Found through [java.util.ServiceLoader]; chosen by transport, the part before the first `:` that a registered
/// resolver claims (`docker://…`, `oci:…`).
public interface Resolver {
    /// The transport this resolver answers to, without `:` or `//`.
    String transport();

    /// Parses the part after the transport and opens a source for it. No network is touched before the source is
    /// asked for something.
    ///
    /// @throws io.lighterage.contentstore.ImageException INVALID when the text is not a reference of this transport
    ImageSource open(String reference, ResolverConfig config);
}
