package io.lighterage.stargz.format;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the annotations of a layer say of its table of contents.
///
/// | annotation | says |
/// |---|---|
/// | `containerd.io/snapshot/stargz/toc.digest` | sha256 of the JSON |
/// | `io.lighterage.toc.offset` | ours: where the member of an eStargz blob begins that holds it |
/// | `io.github.containers.zstd-chunked.manifest-checksum` | sha256 of the JSON as it is stored |
/// | `io.github.containers.zstd-chunked.manifest-position` | `offset:compressed length:length:1` |
///
/// Before November 2022, and in stargz-snapshotter's zstd:chunked (which has the first one, too), the last two
/// begin with `io.containers.`.
///
/// @param json digest of the JSON
/// @param stored digest of the JSON as it is stored
/// @param position where it is stored in a zstd:chunked blob
/// @param tocOffset where the member that holds it begins in an eStargz blob, or -1
record LayerSigns(Optional<Digest> json, Optional<Digest> stored, Optional<Position> position, long tocOffset) {
    /// What the names of annotations began with once.
    private static final String OLD = "io.containers.";

    private static final String NEW = "io.github.containers.";

    /// @param offset of the first byte, behind the head of its frame
    /// @param length compressed
    record Position(long offset, long length) {}

    /// @return empty when nothing says that the layer has a table of contents
    /// @throws ImageException INVALID for a digest that is none, or for digests of both formats
    static Optional<LayerSigns> of(Descriptor layer) {
        Map<String, String> all = layer.annotations();
        String position = either(all, TocAnnotations.CHUNKED_POSITION);
        String offset = all.get(TocAnnotations.TOC_OFFSET);
        Optional<Digest> json = digest(layer, TocAnnotations.ESTARGZ_DIGEST, all.get(TocAnnotations.ESTARGZ_DIGEST));
        Optional<Digest> stored =
                digest(layer, TocAnnotations.CHUNKED_DIGEST, either(all, TocAnnotations.CHUNKED_DIGEST));
        if (json.isPresent() && all.containsKey(TocAnnotations.CHUNKED_DIGEST)) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "layer " + layer.digest() + " has digests of two tables of contents, "
                            + TocAnnotations.ESTARGZ_DIGEST + " and " + TocAnnotations.CHUNKED_DIGEST
                            + "; expected one, since readers could take it for two different layers");
        }
        if (json.isEmpty() && stored.isEmpty() && position == null && offset == null) {
            return Optional.empty();
        }
        return Optional.of(new LayerSigns(json, stored, position(layer, position), number(offset)));
    }

    private static @Nullable String either(Map<String, String> all, String name) {
        String value = all.get(name);
        return value != null ? value : all.get(OLD + name.substring(NEW.length()));
    }

    private static Optional<Digest> digest(Descriptor layer, String name, @Nullable String value) {
        if (value == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Digest.parse(value));
        } catch (ImageException e) {
            throw new ImageException(
                    e.kind(), "annotation " + name + " of layer " + layer.digest() + ": " + e.getMessage(), e);
        }
    }

    /// A position that cannot be is none: the footer has it, too.
    private static Optional<Position> position(Descriptor layer, @Nullable String value) {
        List<String> parts = value == null ? List.of() : List.of(value.split(":", -1));
        if (parts.size() < 2) {
            return Optional.empty();
        }
        long offset = number(parts.get(0));
        long length = number(parts.get(1));
        // before it is the head of its frame
        boolean possible =
                offset >= 8 && length > 0 && length <= TocLimits.MAX_BYTES && offset <= layer.size() - length;
        return possible ? Optional.of(new Position(offset, length)) : Optional.empty();
    }

    private static long number(@Nullable String text) {
        // 18 digits fit in 63 bits
        boolean digits = text != null && text.length() <= 18 && text.matches("[0-9]+");
        return digits ? Long.parseLong(text) : -1;
    }

    /// What was promised of the table of contents.
    ///
    /// @throws ImageException DENIED when nothing was
    void requireDigest(Descriptor layer) {
        if (json.isEmpty() && stored.isEmpty()) {
            throw new ImageException(
                    ErrorKind.DENIED,
                    "layer " + layer.digest() + " says where its table of contents is but not what digest it has, so"
                            + " nothing in it could be verified; expected annotation " + TocAnnotations.ESTARGZ_DIGEST
                            + " or "
                            + TocAnnotations.CHUNKED_DIGEST + ". Convert the image again");
        }
    }
}
