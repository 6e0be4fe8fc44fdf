package io.lighterage.mirror;

import io.lighterage.contentstore.Digest;
import java.nio.ByteBuffer;

/// A manifest or index as it is served: the exact bytes and the type they are served under.
///
/// @param mediaType the `Content-Type`
/// @param digest digest of `content`; not checked here
/// @param content the document; each call of the accessor gives an independent read-only view
public record StoredManifest(String mediaType, Digest digest, ByteBuffer content) {
    public StoredManifest {
        content = content.asReadOnlyBuffer().slice();
    }

    /// A manifest whose digest is computed (sha256) from its bytes.
    public StoredManifest(String mediaType, ByteBuffer content) {
        this(mediaType, Digest.sha256(content.duplicate()), content);
    }

    @Override
    public ByteBuffer content() {
        return content.duplicate();
    }

    /// Length in bytes.
    public int size() {
        return content.remaining();
    }
}
