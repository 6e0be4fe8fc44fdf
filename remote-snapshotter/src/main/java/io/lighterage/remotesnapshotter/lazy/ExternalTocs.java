package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.manifest.Manifest;
import io.lighterage.contentstore.manifest.ManifestParser;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.RemoteBlob;
import io.lighterage.stargz.format.DetachedLayer;
import io.lighterage.stargz.format.TocImage;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The tables of contents of one image's layers that lie in a second image beside it, whose manifest is read when
/// the first layer asks, and once. Safe for any number of threads.
///
/// Whoever can move a tag can put any image there, so nothing in it is believed: a table counts when it has the
/// digest that the layer's own descriptor gives. One that has not is as good as none. Bytes that are not those of
/// their digest are a failure, since then the source or the way from it is damaged.
final class ExternalTocs {
    private final ImageSource source;
    private final ReentrantLock reading = new ReentrantLock();
    private @Nullable Beside known;

    /// What stands beside the image.
    private sealed interface Beside {
        record Image(TocImage tocs) implements Beside {}

        record Nothing(String why) implements Beside {}
    }

    /// @param source where the image comes from
    ExternalTocs(ImageSource source) {
        this.source = source;
    }

    /// @throws ImageException CORRUPT when what the source sends is not what it says it is; UNAVAILABLE and what
    ///     else keeps the source from answering
    TocSearch find(Descriptor layer, DetachedLayer detached) {
        return switch (beside()) {
            case Beside.Nothing(String why) -> new TocSearch.Absent(why);
            case Beside.Image(TocImage tocs) -> find(layer, detached, tocs);
        };
    }

    private Beside beside() {
        try {
            reading.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for tables of contents", e);
        }
        try {
            Beside beside = known;
            if (beside == null) {
                beside = readManifest();
                known = beside;
            }
            return beside;
        } finally {
            reading.unlock();
        }
    }

    private Beside readManifest() {
        try {
            Descriptor target = source.beside(TocImage.TAG_SUFFIX);
            return switch (ManifestParser.parse(target, source.document(target))) {
                case Manifest.Image image -> new Beside.Image(new TocImage(image));
                case Manifest.Index index ->
                    new Beside.Nothing(where() + " is an index of "
                            + index.manifests().size() + " images; expected one for all platforms");
            };
        } catch (ImageException e) {
            return new Beside.Nothing(reason(e));
        }
    }

    private TocSearch find(Descriptor layer, DetachedLayer detached, TocImage tocs) {
        try {
            Optional<Descriptor> toc = tocs.tocOf(layer);
            if (toc.isEmpty()) {
                return new TocSearch.Absent(where() + " has none for this layer");
            }
            return verified(detached, read(toc.get()));
        } catch (ImageException e) {
            return new TocSearch.Absent(reason(e));
        }
    }

    private TocSearch verified(DetachedLayer detached, ByteBuffer toc) {
        try {
            return new TocSearch.Found(detached.with(toc).verify());
        } catch (ImageException e) {
            // The bytes are those that the image beside names, which need not be the ones that were meant.
            if (e.kind() == ErrorKind.CORRUPT) {
                return new TocSearch.Absent(where() + " has another than the layer was made with: " + e.getMessage());
            }
            throw e;
        }
    }

    private ByteBuffer read(Descriptor toc) {
        ByteBuffer bytes;
        try (RemoteBlob blob = source.blob(toc)) {
            bytes = LayerOpener.read(blob, 0, toc.size());
        }
        MessageDigest hasher = toc.digest().newHasher();
        hasher.update(bytes.duplicate());
        Digest actual = Digest.finish(toc.digest().algorithm(), hasher);
        if (!actual.equals(toc.digest())) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    "blob " + toc.digest() + " has digest " + actual
                            + ". The blob or what carried it is damaged: push the image again");
        }
        return bytes;
    }

    /// Why there is nothing to be had, of a failure that says so; others are thrown on.
    private String reason(ImageException e) {
        return switch (e.kind()) {
            case NOT_FOUND, INVALID, UNSUPPORTED -> where() + " is of no use: " + e.getMessage();
            default ->
                throw new ImageException(
                        e.kind(), "reading tables of contents from " + where() + ": " + e.getMessage(), e);
        };
    }

    private String where() {
        return "the image beside " + source.name() + " whose tag ends in " + TocImage.TAG_SUFFIX;
    }
}
