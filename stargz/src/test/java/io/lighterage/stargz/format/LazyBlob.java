package io.lighterage.stargz.format;

import static io.lighterage.stargz.compress.Compressed.gzip;
import static io.lighterage.stargz.compress.Compressed.skippable;
import static io.lighterage.stargz.compress.Compressed.zstd;
import static io.lighterage.stargz.tar.Tars.tarOf;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.tar.Tars;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A blob that can be read in parts, put together by hand so that it can be wrong in any way: chunks are added one
/// by one, the items of the table of contents are JSON.
final class LazyBlob {
    static final String TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest";
    static final String TOC_OFFSET = "io.lighterage.toc.offset";
    static final String CHECKSUM = "io.github.containers.zstd-chunked.manifest-checksum";
    static final String POSITION = "io.github.containers.zstd-chunked.manifest-position";

    private final boolean zstd;
    private final ByteArrayOutputStream blob = new ByteArrayOutputStream();
    private final List<String> items = new ArrayList<>();
    private final Map<String, String> annotations = new LinkedHashMap<>();
    final List<long[]> reads = new ArrayList<>();
    private byte[] finished = {};

    private LazyBlob(boolean zstd) {
        this.zstd = zstd;
        add(new byte[512]);
    }

    static LazyBlob gzipMembers() {
        return new LazyBlob(false);
    }

    static LazyBlob zstdFrames() {
        return new LazyBlob(true);
    }

    /// Adds a member or frame.
    ///
    /// @return where it begins
    int add(byte[] content) {
        int at = blob.size();
        blob.writeBytes(zstd ? zstd(content) : gzip(content));
        return at;
    }

    int add(String content) {
        return add(content.getBytes(StandardCharsets.UTF_8));
    }

    int size() {
        return blob.size();
    }

    /// Adds an item of the table of contents; apostrophes stand for quotation marks.
    LazyBlob item(String json) {
        items.add(json.replace('\'', '"'));
        return this;
    }

    /// A file of one chunk.
    LazyBlob file(String name, String content) {
        int at = add(content);
        return item("{'name':'" + name + "','type':'reg','size':" + content.length() + ",'offset':" + at
                + ",'chunkDigest':'" + sha(content) + "','digest':'" + sha(content) + "'}");
    }

    static String sha(String content) {
        return Digest.sha256(content.getBytes(StandardCharsets.UTF_8)).toString();
    }

    String json() {
        return "{\"version\":1,\"entries\":[" + String.join(",\n", items) + "]}";
    }

    /// Ends an eStargz blob.
    LazyBlob estargz() {
        return estargz(json().getBytes(StandardCharsets.UTF_8), 51);
    }

    LazyBlob estargz(byte[] json, int footer) {
        long offset = blob.size();
        blob.writeBytes(gzip(tarOf(Tars.file("stargz.index.json", json))));
        blob.writeBytes(footer(offset, footer));
        annotations.put(TOC_DIGEST, Digest.sha256(json).toString());
        return finish();
    }

    /// Ends an eStargz blob whose table of contents is elsewhere.
    LazyBlob detached() {
        byte[] json = json().getBytes(StandardCharsets.UTF_8);
        annotations.put(TOC_DIGEST, Digest.sha256(json).toString());
        blob.writeBytes(footer(0, 46));
        return finish();
    }

    /// What the image beside this one's holds for this layer.
    static byte[] tocBlob(byte[] json) {
        return gzip(tarOf(Tars.file("stargz.index.json", json)));
    }

    byte[] tocBlob() {
        return tocBlob(json().getBytes(StandardCharsets.UTF_8));
    }

    DetachedLayer openDetached() {
        return switch (end()) {
            case DetachedLayer layer -> layer;
            case UnverifiedLayer layer -> throw new AssertionError("the table of contents is in the blob");
        };
    }

    LayerIndex index(byte[] toc) {
        return LayerIndex.of(
                openDetached().with(ByteBuffer.wrap(toc)).verify().builder().image(), "in memory");
    }

    static byte[] footer(long offset, int length) {
        byte[] text = "%016xSTARGZ".formatted(offset).getBytes(StandardCharsets.US_ASCII);
        if (length == 46) {
            text = "STARGZEXTERNALTOC".getBytes(StandardCharsets.US_ASCII);
        }
        ByteBuffer extra = ByteBuffer.allocate(text.length + 4).order(ByteOrder.LITTLE_ENDIAN);
        if (length != 47) {
            extra.put((byte) 'S').put((byte) 'G').putShort((short) text.length);
        }
        extra.put(text).flip();
        return ByteBuffer.allocate(length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {0x1f, (byte) 0x8b, 8, 4, 0, 0, 0, 0, 0, (byte) 255})
                .putShort((short) extra.remaining())
                .put(extra)
                .put(new byte[] {1, 0, 0, (byte) 255, (byte) 255})
                .array();
    }

    /// Ends a zstd:chunked blob as containers/storage does.
    LazyBlob chunked() {
        byte[] json = json().getBytes(StandardCharsets.UTF_8);
        byte[] stored = zstd(json);
        long offset = blob.size() + 8L;
        blob.writeBytes(skippable(0, stored));
        blob.writeBytes(skippable(0, new byte[99]));
        ByteBuffer footer = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        footer.putLong(offset).putLong(stored.length).putLong(json.length).putLong(1);
        footer.putLong(offset + stored.length + 8L).putLong(99).putLong(1000);
        blob.writeBytes(skippable(
                0, footer.put("GNUlInUx".getBytes(StandardCharsets.US_ASCII)).array()));
        annotations.put(CHECKSUM, Digest.sha256(stored).toString());
        annotations.put(POSITION, offset + ":" + stored.length + ":" + json.length + ":1");
        return finish();
    }

    /// Ends a zstd:chunked blob as stargz-snapshotter does.
    LazyBlob stargzChunked() {
        byte[] json = json().getBytes(StandardCharsets.UTF_8);
        byte[] stored = zstd(json);
        long offset = blob.size() + 8L;
        blob.writeBytes(skippable(0, stored));
        ByteBuffer footer = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
        footer.putLong(offset).putLong(stored.length).putLong(json.length).putLong(1);
        blob.writeBytes(skippable(
                0, footer.put("GnUlInUx".getBytes(StandardCharsets.US_ASCII)).array()));
        annotations.put(TOC_DIGEST, Digest.sha256(json).toString());
        annotations.put(
                "io.containers.zstd-chunked.manifest-checksum",
                Digest.sha256(stored).toString());
        annotations.put(
                "io.containers.zstd-chunked.manifest-position",
                offset + ":" + stored.length + ":" + json.length + ":1");
        return finish();
    }

    private LazyBlob finish() {
        finished = blob.toByteArray();
        return this;
    }

    byte[] bytes() {
        return finished.clone();
    }

    /// The same with other bytes; the annotations stay.
    LazyBlob withBytes(byte[] other) {
        finished = other.clone();
        return this;
    }

    LazyBlob annotate(String name, String value) {
        annotations.put(name, value);
        return this;
    }

    LazyBlob without(String name) {
        annotations.remove(name);
        return this;
    }

    Descriptor descriptor() {
        String type = zstd ? MediaType.OCI_LAYER_ZSTD : MediaType.OCI_LAYER_GZIP;
        return new Descriptor(type, Digest.sha256(finished), finished.length).withAnnotations(annotations);
    }

    /// Reads, remembering what was read.
    ByteBuffer read(long offset, long length) {
        reads.add(new long[] {offset, length});
        return ByteBuffer.wrap(finished, (int) offset, (int) length);
    }

    LayerEnd end() {
        reads.clear();
        return LazyFormats.read(descriptor(), this::read);
    }

    UnverifiedLayer open() {
        return inside(end());
    }

    /// What a layer's end leads to where the table of contents is in the blob.
    static UnverifiedLayer inside(LayerEnd end) {
        return switch (end) {
            case UnverifiedLayer layer -> layer;
            case DetachedLayer layer -> throw new AssertionError("the table of contents is not in the blob");
        };
    }

    LayerIndex index() {
        return LayerIndex.of(open().verify().builder().image(), "in memory");
    }

    /// What a chunk of the blob holds.
    byte[] chunk(LayerIndex index, int chunk) {
        ByteBuffer target = ByteBuffer.allocate(index.chunkLength(chunk));
        int from = (int) index.chunkBlobOffset(chunk);
        try (ChunkDecoder decoder = ChunkDecoder.of(index.encoding(), "the blob")) {
            decoder.decode(
                    ByteBuffer.wrap(finished, from, (int) index.chunkBlobEnd(chunk) - from),
                    List.of(new ChunkDecoder.Part(index.chunkInnerOffset(chunk), target)));
        }
        if (!index.chunkMatches(chunk, target.flip())) {
            throw new AssertionError("chunk " + chunk + " has another digest");
        }
        return target.array();
    }
}
