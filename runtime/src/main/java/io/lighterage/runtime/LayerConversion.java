package io.lighterage.runtime;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.fetch.LayerFetch;
import io.lighterage.resolver.ImageDestination;
import io.lighterage.stargz.ByteSource;
import io.lighterage.stargz.compress.Decompression;
import io.lighterage.stargz.format.ConvertedLayer;
import io.lighterage.stargz.format.LayerConverter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One layer on its way from the store to the destination, while it is still arriving in the store.
///
/// @param fetch brings the blob
/// @param content the store
/// @param converter converts it
/// @param destination takes the result
/// @param file where the result is prepared
/// @param meter hears how it goes
record LayerConversion(
        LayerFetch fetch,
        ContentStore content,
        LayerConverter converter,
        ImageDestination destination,
        Path file,
        ConvertMeter meter) {

    /// A layer at the destination.
    ///
    /// @param descriptor its new descriptor
    /// @param diffId its new diffID
    record Result(Descriptor descriptor, Digest diffId) {}

    /// @param turns lets as many layers be converted at once as are worth it
    /// @param expected the diffID the layer must have had
    Result run(Semaphore turns, Digest expected) {
        Descriptor before = fetch.descriptor();
        ConvertedLayer layer;
        try {
            turns.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted before converting " + before.digest(), e);
        }
        AtomicLong read = new AtomicLong();
        try {
            layer = converter.convert(this::open, file, count -> meter.converting(before, read.addAndGet(count)));
        } finally {
            turns.release();
        }
        fetch.awaitStored();
        if (!layer.sourceDiffId().equals(expected)) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    "layer " + before.digest() + " unpacks to " + layer.sourceDiffId() + "; expected " + expected
                            + " as the image's configuration says. The image was built wrongly");
        }
        Map<String, String> annotations = new HashMap<>(before.annotations());
        annotations.keySet().removeAll(io.lighterage.stargz.format.LayerForm.annotations());
        annotations.putAll(layer.annotations());
        Descriptor after = layer.descriptor().withAnnotations(annotations);
        destination.adopt(after, file);
        meter.converted(before, read.get());
        return new Result(after, layer.diffId());
    }

    /// The first time the blob as it arrives; a second time it is here.
    private ByteSource open() {
        Blob blob = fetch.openOnce().orElseGet(() -> {
            fetch.awaitStored();
            return content.open(fetch.descriptor().digest());
        });
        try {
            return new OpenLayer(
                    Decompression.open(
                            blob,
                            Decompression.Settings.of(
                                    "layer " + fetch.descriptor().digest())),
                    blob);
        } catch (RuntimeException | Error e) {
            blob.close();
            throw e;
        }
    }

    private record OpenLayer(Decompression bytes, Blob blob) implements ByteSource {
        @Override
        public @Nullable ByteBuffer next() {
            return bytes.next();
        }

        @Override
        public void close() {
            try (blob) {
                bytes.close();
            }
        }
    }
}
