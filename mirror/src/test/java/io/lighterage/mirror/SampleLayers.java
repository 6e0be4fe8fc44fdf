package io.lighterage.mirror;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/// Small layers for tests: a gzip of two empty tar blocks and a text, which is no file of the tar.
final class SampleLayers {
    private SampleLayers() {}

    static List<LayerFile> of(String... texts) {
        return Stream.of(texts).map(SampleLayers::layer).toList();
    }

    private static LayerFile layer(String text) {
        byte[] tar = new byte[1024 + 512];
        byte[] trailer = text.getBytes(UTF_8);
        System.arraycopy(trailer, 0, tar, 1024, trailer.length);
        ByteArrayOutputStream gzip = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
            out.write(tar);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        byte[] bytes = gzip.toByteArray();
        return new LayerFile(
                MediaType.OCI_LAYER_GZIP, Digest.sha256(tar), "test", () -> new ByteArrayInputStream(bytes));
    }
}
