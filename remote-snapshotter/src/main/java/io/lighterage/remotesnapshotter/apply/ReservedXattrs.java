package io.lighterage.remotesnapshotter.apply;

import io.lighterage.stargz.RawName;
import java.nio.charset.StandardCharsets;

/// Extended attributes that a layer may name and nobody ever gets to see.
public final class ReservedXattrs {
    private ReservedXattrs() {}

    /// Names a layer may not set: overlayfs and others keep their own marks there.
    static boolean isReserved(byte[] name) {
        String text = new String(name, StandardCharsets.ISO_8859_1);
        return text.startsWith("trusted.") || text.startsWith("user.overlay.");
    }

    /// Whether an unpacked file could have the attribute of its layer.
    ///
    /// @param fileOrDirectory false for links, devices and fifos, which have no `user.` attributes in Linux (see
    ///     `xattr(7)`); links have no access control lists either
    public static boolean canBeSet(RawName name, boolean fileOrDirectory) {
        byte[] bytes = name.toBytes();
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        return !isReserved(bytes) && (fileOrDirectory || !text.startsWith("user."));
    }
}
