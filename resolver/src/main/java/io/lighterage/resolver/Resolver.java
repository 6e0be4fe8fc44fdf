package io.lighterage.resolver;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;

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

    /// Parses the part after the transport and opens a place to write an image to. Nothing is touched before the
    /// destination is given something.
    ///
    /// @throws ImageException UNSUPPORTED when images of this transport are only read; INVALID when the text is no
    ///     reference of it
    default ImageDestination destination(String reference, ResolverConfig config) {
        throw new ImageException(
                ErrorKind.UNSUPPORTED,
                "cannot write to '" + transport() + ":" + reference + "': images of this transport are only read");
    }
}
