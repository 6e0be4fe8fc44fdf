package io.lighterage.stargz.format;

import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Names at a layer's root that belong to the format and not to the image.
final class Landmarks {
    /// What stands before it is to be fetched first.
    static final String PREFETCH = ".prefetch.landmark";

    /// Nothing is to be fetched first.
    static final String NO_PREFETCH = ".no.prefetch.landmark";

    /// The index of an eStargz layer.
    static final String TOC = "stargz.index.json";

    private static final Set<RawName> NAMES = Set.of(RawName.of(PREFETCH), RawName.of(NO_PREFETCH), RawName.of(TOC));

    private static final byte CONTENT = 0x0f;

    private Landmarks() {}

    /// Whether the cleaned path is one of them.
    static boolean isReserved(RawName path) {
        return NAMES.contains(path);
    }

    /// The one byte of a landmark.
    static ByteBuffer content() {
        return ByteBuffer.wrap(new byte[] {CONTENT});
    }

    /// A regular file with no mode, owner or time.
    static TarEntry entry(String name, long size) {
        return new TarEntry(
                RawName.of(name), TarEntry.Type.REGULAR, RawName.EMPTY, 0, 0, 0, size, 0, 0, 0, 0, Map.of(), List.of());
    }
}
