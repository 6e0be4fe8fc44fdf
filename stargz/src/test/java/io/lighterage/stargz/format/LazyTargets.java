package io.lighterage.stargz.format;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndexBuilder;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What any bytes at all may do to the readers of lazy layers: give an index that is in order, or a named failure.
public final class LazyTargets {
    private static final Set<ErrorKind> REFUSALS =
            EnumSet.of(ErrorKind.CORRUPT, ErrorKind.INVALID, ErrorKind.UNSUPPORTED);

    private LazyTargets() {}

    /// Reads the bytes as a blob whose table of contents has the digest that is promised, whatever it is.
    ///
    /// @return how many of the two kinds of promise were accepted
    public static int blob(byte[] bytes) {
        int accepted = 0;
        for (String promise : new String[] {LazyBlob.TOC_DIGEST, LazyBlob.CHECKSUM}) {
            accepted += blob(bytes, promise, ByteBuffer.wrap(bytes)) ? 1 : 0;
        }
        return accepted;
    }

    /// Reads the bytes as the end of a blob and as the table of contents that is elsewhere, cut where the first
    /// byte says.
    ///
    /// @return whether they were accepted
    public static boolean detached(byte[] bytes) {
        return detached(bytes, bytes.length == 0 ? 0 : Byte.toUnsignedInt(bytes[0]) * bytes.length / 256);
    }

    static boolean detached(byte[] bytes, int cut) {
        byte[] toc = Arrays.copyOf(bytes, cut);
        byte[] blob = Arrays.copyOfRange(bytes, cut, bytes.length);
        return blob(blob, LazyBlob.TOC_DIGEST, ByteBuffer.wrap(toc));
    }

    private static UnverifiedLayer read(Descriptor layer, TocReader reader, ByteBuffer toc) {
        return switch (LazyFormats.read(layer, reader)) {
            case UnverifiedLayer inside -> inside;
            case DetachedLayer detached -> detached.with(toc);
        };
    }

    private static boolean blob(byte[] bytes, String promise, ByteBuffer toc) {
        Descriptor plain = new Descriptor(MediaType.OCI_LAYER_GZIP, Digest.sha256(bytes), bytes.length);
        TocReader reader = (offset, length) -> ByteBuffer.wrap(bytes, (int) offset, (int) length);
        LayerIndexBuilder builder;
        try {
            Descriptor promised = plain.withAnnotations(Map.of(promise, LazyBlob.sha("?")));
            Digest digest = read(promised, reader, toc).tocDigest();
            Descriptor honest = plain.withAnnotations(Map.of(promise, digest.toString()));
            builder = read(honest, reader, toc).verify().builder();
        } catch (ImageException e) {
            checkRefusal(e);
            return false;
        }
        return image(builder);
    }

    /// Reads the last bytes as the footer of blobs that are as long as the bytes, and longer.
    ///
    /// @return in how many of them it leads to a table of contents
    public static int footer(byte[] bytes) {
        ByteBuffer tail = ByteBuffer.wrap(bytes);
        tail.position(Math.max(0, bytes.length - Footer.MAX_BYTES));
        int accepted = 0;
        for (long more : new long[] {0, 1 << 12, 1L << 40, Long.MAX_VALUE - bytes.length}) {
            accepted += footer(tail.slice(), bytes.length + more) ? 1 : 0;
        }
        return accepted;
    }

    private static boolean footer(ByteBuffer tail, long blobSize) {
        int length = tail.remaining();
        Optional<Footer> found;
        try {
            found = Footer.parse(tail, blobSize, "the blob");
        } catch (ImageException e) {
            checkRefusal(e);
            return false;
        }
        if (tail.remaining() != length || tail.position() != 0) {
            throw new AssertionError("the bytes were moved");
        }
        found.ifPresent(footer -> checkInside(footer, blobSize));
        return found.isPresent();
    }

    /// Whoever reads what a footer names must not read beside the blob, nor more than any table may take.
    private static void checkInside(Footer footer, long blobSize) {
        long shortest = footer.encoding() == Encoding.ZSTD_FRAMES ? 8 + 40 : 46;
        boolean inside = footer.dataEnd() >= 0
                && footer.dataEnd() <= footer.tocOffset()
                && footer.tocLength() >= 0
                && footer.tocLength() <= TocLimits.MAX_BYTES
                && footer.tocOffset() <= blobSize - shortest - footer.tocLength();
        if (!inside) {
            throw new AssertionError(footer + " in a blob of " + blobSize + " bytes");
        }
    }

    /// Reads the bytes as the JSON of a table of contents.
    ///
    /// @return whether they were accepted
    public static boolean toc(byte[] bytes) {
        boolean accepted = true;
        for (Encoding encoding : new Encoding[] {Encoding.GZIP_MEMBERS, Encoding.ZSTD_FRAMES}) {
            LayerIndexBuilder builder = new LayerIndexBuilder(Digest.sha256(bytes), encoding);
            TocEntries entries = new TocEntries(builder, new Footer(encoding, 1 << 20, 100), "layer x");
            try {
                new TocParser("the table", entries).parse(new ByteArrayInputStream(bytes));
            } catch (ImageException e) {
                checkRefusal(e);
                accepted = false;
                continue;
            }
            accepted &= image(builder);
        }
        return accepted;
    }

    /// What the builder accepts must be an index in order, but for links in a circle.
    private static boolean image(LayerIndexBuilder builder) {
        ByteBuffer image;
        try {
            image = builder.image();
        } catch (ImageException e) {
            checkRefusal(e);
            return false;
        }
        LayerIndex.of(image, "what was just built");
        return true;
    }

    private static void checkRefusal(ImageException e) {
        String message = e.getMessage();
        if (!REFUSALS.contains(e.kind()) || message.length() > 2000) {
            throw new AssertionError("refused as " + e.kind() + ": " + message, e);
        }
    }
}
