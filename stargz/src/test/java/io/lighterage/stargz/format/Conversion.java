package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.Sources;
import io.lighterage.stargz.compress.Decompression;
import io.lighterage.stargz.tar.Listing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A converted archive and what became of it.
///
/// @param layer what the converter says
/// @param file the blob
record Conversion(ConvertedLayer layer, Path file) {
    static Conversion of(byte[] tar, LayerForm form, int chunkSize, String priorities, Path folder) {
        return of(tar, form, chunkSize, priorities, folder, 2, 4);
    }

    static Conversion of(
            byte[] tar, LayerForm form, int chunkSize, String priorities, Path folder, int threads, int slots) {
        PriorityList list = PriorityList.parse(priorities.getBytes(StandardCharsets.UTF_8));
        try (CompressionPool pool = new CompressionPool(form, chunkSize, threads, slots)) {
            Path file = Files.createTempFile(folder, "layer", "");
            ConvertedLayer layer =
                    new LayerConverter(pool, list).convert(() -> Sources.of(tar, 7777 + threads), file, count -> {});
            return new Conversion(layer, file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// An annotation of its descriptor, empty where there is none.
    String annotation(String name) {
        return layer.annotations().getOrDefault(name, "");
    }

    byte[] bytes() {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// The tar stream of the whole blob.
    byte[] tar() {
        try (var blob = Sources.blob(file);
                Decompression bytes = Decompression.open(blob)) {
            return Sources.readAll(bytes);
        }
    }

    Digest tarDigest() {
        return Digest.sha256(tar());
    }

    /// Its entries as lines, without those of the format.
    List<String> listing() {
        return Listing.ours(Sources.of(tar())).stream()
                .filter(line -> !isReserved(line))
                .toList();
    }

    private static boolean isReserved(String line) {
        String name = new String(
                java.util.HexFormat.of().parseHex(line.substring(0, line.indexOf('|'))), StandardCharsets.UTF_8);
        return name.equals(".prefetch.landmark")
                || name.equals(".no.prefetch.landmark")
                || name.equals("stargz.index.json");
    }

    /// Names of all entries in order.
    List<String> names() {
        return Listing.ours(Sources.of(tar())).stream()
                .map(line -> new String(
                        java.util.HexFormat.of().parseHex(line.substring(0, line.indexOf('|'))),
                        StandardCharsets.UTF_8))
                .toList();
    }
}
