package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndexBuilder;
import io.lighterage.stargz.tar.TarEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/// A layer of gzip members made in memory: its blob, its index, and what its flat file must become.
final class TestLayer {
    private final byte[] blob;
    private final LayerIndex index;
    private final ByteBuffer image;
    private final byte[] flat;
    private final boolean[] content;

    private TestLayer(byte[] blob, ByteBuffer image, Map<String, byte[]> files) {
        this.blob = blob;
        this.image = image;
        this.index = LayerIndex.of(image.duplicate(), "a test's index");
        this.flat = new byte[(int) index.flatSize()];
        this.content = new boolean[flat.length];
        files.forEach((name, bytes) -> {
            int inode = index.lookup(LayerIndex.ROOT, RawName.of(name));
            if (bytes.length > 0) {
                int at = (int) index.flatOffset(inode);
                System.arraycopy(bytes, 0, flat, at, bytes.length);
                Arrays.fill(content, at, at + bytes.length, true);
            }
        });
    }

    /// Files `f0`, `f1`, … of random sizes and half-random bytes.
    static TestLayer random(long seed, int files, int largest, int chunkSize) {
        Random random = new Random(seed);
        Map<String, byte[]> all = new LinkedHashMap<>();
        for (int i = 0; i < files; i++) {
            byte[] bytes = new byte[random.nextInt(largest + 1)];
            random.nextBytes(bytes);
            Arrays.fill(bytes, bytes.length / 2, bytes.length, (byte) i);
            all.put("f" + i, bytes);
        }
        return of(all, chunkSize, 1);
    }

    /// @param share how many chunks share a member
    static TestLayer of(Map<String, byte[]> files, int chunkSize, int share) {
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        List<Pending> pending = new ArrayList<>();
        List<LayerIndexBuilder.Chunk> placed = new ArrayList<>();
        Map<String, List<int[]>> cuts = new LinkedHashMap<>();
        files.forEach((name, bytes) -> {
            List<int[]> pieces = new ArrayList<>();
            for (int at = 0; at < bytes.length; at += chunkSize) {
                int length = Math.min(chunkSize, bytes.length - at);
                pieces.add(new int[] {at, length});
                pending.add(new Pending(at, ByteBuffer.wrap(Arrays.copyOfRange(bytes, at, at + length))));
                if (pending.size() == share) {
                    member(blob, pending, placed);
                }
            }
            cuts.put(name, pieces);
        });
        member(blob, pending, placed);
        byte[] tail = new byte[1000];
        new Random(3).nextBytes(tail);
        blob.writeBytes(tail);
        byte[] bytes = blob.toByteArray();
        LayerIndexBuilder builder = new LayerIndexBuilder(Digest.sha256(bytes), Encoding.GZIP_MEMBERS);
        int next = 0;
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            int count = cuts.getOrDefault(file.getKey(), List.of()).size();
            builder.add(entry(file.getKey(), file.getValue().length), placed.subList(next, next + count));
            next += count;
        }
        return new TestLayer(bytes, builder.image(), files);
    }

    private record Pending(long fileOffset, ByteBuffer content) {
        @SuppressWarnings("ByteBufferBackingArray") // wrapped whole above
        byte[] bytes() {
            return content.array();
        }
    }

    private static void member(
            ByteArrayOutputStream blob, List<Pending> pending, List<LayerIndexBuilder.Chunk> placed) {
        if (pending.isEmpty()) {
            return;
        }
        long begin = blob.size();
        try (GZIPOutputStream gzip = new GZIPOutputStream(blob)) {
            for (Pending piece : pending) {
                gzip.write(piece.bytes());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        long inner = 0;
        for (Pending piece : pending) {
            placed.add(new LayerIndexBuilder.Chunk(
                    piece.fileOffset(),
                    piece.bytes().length,
                    begin,
                    blob.size(),
                    inner,
                    false,
                    Digest.sha256(piece.bytes())));
            inner += piece.bytes().length;
        }
        pending.clear();
    }

    static TarEntry entry(String name, long size) {
        return new TarEntry(
                RawName.of(name),
                TarEntry.Type.REGULAR,
                RawName.EMPTY,
                0644,
                0,
                0,
                size,
                0,
                0,
                0,
                0,
                Map.of(),
                List.of());
    }

    byte[] blob() {
        return blob.clone();
    }

    /// The bytes of an index file.
    ByteBuffer image() {
        return image.duplicate();
    }

    LayerIndex index() {
        return index;
    }

    long flatOffset(String name) {
        return index.flatOffset(index.lookup(LayerIndex.ROOT, RawName.of(name)));
    }

    /// What `[from, from + length)` of the flat file must be.
    byte[] flat(long from, int length) {
        return Arrays.copyOfRange(flat, (int) from, (int) from + length);
    }

    /// Whether the byte belongs to a file; nobody reads what lies between files.
    boolean isContent(int at) {
        return content[at];
    }

    int flatSize() {
        return flat.length;
    }

    /// Reads a part of the flat file as a kernel would.
    static byte[] read(FlatFile file, long from, int length) {
        ByteBuffer target = ByteBuffer.allocate(length);
        int count = file.read(from, target);
        return Arrays.copyOf(target.array(), count);
    }
}
