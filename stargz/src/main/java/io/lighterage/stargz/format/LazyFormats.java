package io.lighterage.stargz.format;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.index.Encoding;
import java.nio.ByteBuffer;
import java.util.Optional;

/// Opens layers that can be read in parts: eStargz, and zstd:chunked of containers/storage and of
/// stargz-snapshotter.
///
/// ```java
/// LayerIndex index = switch (LazyFormats.read(descriptor, reader)) {
///     case UnverifiedLayer layer -> layer.verify().writeIndex(file);
///     case DetachedLayer layer -> layer.with(toc).verify().writeIndex(file); // from the image beside this one
/// };
/// ```
public final class LazyFormats {
    /// What to read of a blob whose table of contents is somewhere near its end: a fortieth is more than most
    /// tables take; less than this costs no more to fetch, and more would be felt.
    private static final long GUESS_PART = 40;

    private static final long GUESS_LEAST = 128 << 10;
    private static final long GUESS_MOST = 4 << 20;

    private LazyFormats() {}

    /// What to read of a layer to open it.
    ///
    /// @return empty when the descriptor has no sign of a table of contents: an ordinary layer
    /// @throws ImageException INVALID for annotations that contradict each other or are malformed
    public static Optional<TocPlan> plan(Descriptor layer) {
        return LayerSigns.of(layer).map(signs -> plan(layer, signs));
    }

    private static TocPlan plan(Descriptor layer, LayerSigns signs) {
        if (signs.position().isPresent()) {
            LayerSigns.Position position = signs.position().get();
            return new TocPlan.Exact(position.offset(), position.length());
        }
        long size = layer.size();
        long offset = signs.tocOffset();
        // what is not true of the offset costs a second read, no more
        if (offset >= 0 && offset < size - Footer.MAX_BYTES && size - offset <= TocLimits.MAX_BYTES) {
            return new TocPlan.Tail(offset);
        }
        long guess = Math.clamp(size / GUESS_PART, GUESS_LEAST, GUESS_MOST) + Footer.MAX_BYTES;
        return new TocPlan.Tail(Math.max(0, size - guess));
    }

    /// Reads the table of contents of a layer: what [#plan] says, and once more when that turns out to be too
    /// little.
    ///
    /// @throws ImageException INVALID when [#plan] is empty; DENIED when no digest of the table is given; CORRUPT
    ///     when the blob has no such table, nor says that it is elsewhere; what the reader throws
    public static LayerEnd read(Descriptor layer, TocReader reader) {
        String what = "layer " + layer.digest();
        LayerSigns signs = LayerSigns.of(layer)
                .orElseThrow(() -> new ImageException(
                        ErrorKind.INVALID, what + " has no table of contents that its annotations speak of"));
        signs.requireDigest(layer);
        return switch (plan(layer, signs)) {
            case TocPlan.Exact(long offset, long length) ->
                new UnverifiedLayer(
                        layer,
                        signs,
                        new Footer(Encoding.ZSTD_FRAMES, offset, length),
                        read(reader, offset, length, what));
            case TocPlan.Tail(long offset) -> readTail(layer, signs, reader, offset);
        };
    }

    private static LayerEnd readTail(Descriptor layer, LayerSigns signs, TocReader reader, long offset) {
        String what = "layer " + layer.digest();
        ByteBuffer tail = read(reader, offset, layer.size() - offset, what);
        ByteBuffer last =
                tail.slice(Math.max(0, tail.limit() - Footer.MAX_BYTES), Math.min(tail.limit(), Footer.MAX_BYTES));
        Footer footer = Footer.parse(last, layer.size(), what)
                .orElseThrow(() -> new ImageException(
                        ErrorKind.CORRUPT,
                        what + " ends in no footer that leads to its table of contents, although its annotations speak"
                                + " of one; expected eStargz or zstd:chunked. Convert the image again"));
        if (footer.detached()) {
            return new DetachedLayer(layer, signs, footer);
        }
        long missing = offset - footer.tocOffset();
        if (missing <= 0) {
            return new UnverifiedLayer(layer, signs, footer, tail.slice((int) -missing, (int) footer.tocLength()));
        }
        ByteBuffer toc = ByteBuffer.allocateDirect((int) footer.tocLength());
        long before = Math.min(missing, footer.tocLength());
        toc.put(read(reader, footer.tocOffset(), before, what));
        if (toc.hasRemaining()) {
            toc.put(tail.slice(0, toc.remaining()));
        }
        return new UnverifiedLayer(layer, signs, footer, toc.flip());
    }

    private static ByteBuffer read(TocReader reader, long offset, long length, String what) {
        ByteBuffer bytes = reader.read(offset, length).slice();
        if (bytes.limit() != length) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    what + " gave " + bytes.limit() + " bytes for the " + length + " at " + offset
                            + "; is it cut off?");
        }
        return bytes;
    }
}
