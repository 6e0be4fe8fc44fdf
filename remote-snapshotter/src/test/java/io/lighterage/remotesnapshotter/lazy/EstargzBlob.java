package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.stargz.tar.Tars;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/// A small eStargz blob, written from the format's description so that nothing of ours is needed to make it.
public final class EstargzBlob {
    private static final String TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest";

    private final byte[] bytes;
    private final Descriptor descriptor;
    private final byte[] table;

    /// @param files at the root, in this order
    /// @param prioritized how many of them come before the landmark; none when 0
    public EstargzBlob(Map<String, byte[]> files, int chunkSize, int prioritized) {
        this(files, chunkSize, prioritized, false);
    }

    /// One that says in which order a start reads.
    ///
    /// @param turns of the first chunk of a file each
    static EstargzBlob withTurns(Map<String, byte[]> files, int chunkSize, Map<String, Integer> turns) {
        return new EstargzBlob(files, chunkSize, 0, false, turns);
    }

    private EstargzBlob(Map<String, byte[]> files, int chunkSize, int prioritized, boolean detached) {
        this(files, chunkSize, prioritized, detached, Map.of());
    }

    private EstargzBlob(
            Map<String, byte[]> files, int chunkSize, int prioritized, boolean detached, Map<String, Integer> turns) {
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        StringBuilder toc = new StringBuilder("{\"version\":1,\"entries\":[");
        String comma = "";
        int written = 0;
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            if (prioritized > 0 && written == prioritized) {
                toc.append(comma).append(file(blob, ".prefetch.landmark", new byte[] {0xf}, chunkSize, detached));
            }
            String entry = file(blob, file.getKey(), file.getValue(), chunkSize, detached);
            Integer turn = turns.get(file.getKey());
            toc.append(comma).append(turn == null ? entry : entry.replaceFirst("}", ",\"prefetch\":" + turn + "}"));
            comma = ",";
            written++;
        }
        byte[] json = toc.append("]}").toString().getBytes(StandardCharsets.UTF_8);
        long offset = blob.size();
        table = table(json);
        blob.writeBytes(detached ? new byte[0] : table);
        blob.writeBytes(detached ? footer("STARGZEXTERNALTOC") : footerOf(offset));
        bytes = blob.toByteArray();
        descriptor = new Descriptor(MediaType.OCI_LAYER_GZIP, Digest.sha256(bytes), bytes.length)
                .withAnnotations(Map.of(TOC_DIGEST, Digest.sha256(json).toString()));
    }

    /// One whose table of contents is not in it, and whose members together are a tar archive as long as no file
    /// has more than one chunk; of the end that archives should have there is nothing.
    static EstargzBlob detached(Map<String, byte[]> files) {
        return new EstargzBlob(files, 1 << 20, 0, true);
    }

    /// What [#detached] leaves out, as a blob of its own.
    byte[] table() {
        return table.clone();
    }

    static byte[] table(byte[] json) {
        ByteArrayOutputStream table = new ByteArrayOutputStream();
        member(table, Tars.tarOf(Tars.file("stargz.index.json", json)));
        return table.toByteArray();
    }

    private static String file(
            ByteArrayOutputStream blob, String name, byte[] content, int chunkSize, boolean archive) {
        StringBuilder entry = new StringBuilder();
        byte[] tar = Tars.unterminated(Tars.file(name, content));
        if (archive) {
            member(blob, Arrays.copyOf(tar, 512));
        }
        for (int at = 0; at < content.length; at += chunkSize) {
            byte[] chunk = Arrays.copyOfRange(content, at, Math.min(content.length, at + chunkSize));
            String head = at == 0
                    ? "{\"name\":\"" + name + "\",\"type\":\"reg\",\"mode\":420,\"size\":" + content.length
                    : ",{\"name\":\"" + name + "\",\"type\":\"chunk\",\"chunkOffset\":" + at;
            entry.append(head)
                    .append(",\"offset\":")
                    .append(blob.size())
                    .append(",\"chunkSize\":")
                    .append(chunk.length)
                    .append(",\"chunkDigest\":\"")
                    .append(Digest.sha256(chunk))
                    .append("\"}");
            member(blob, archive ? Arrays.copyOfRange(tar, 512, tar.length) : chunk);
        }
        return entry.toString();
    }

    private static void member(ByteArrayOutputStream blob, byte[] content) {
        try (GZIPOutputStream gzip = new GZIPOutputStream(blob)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// What a blob ends with whose table of contents begins there.
    public static byte[] footerOf(long tableOffset) {
        return footer("%016xSTARGZ".formatted(tableOffset));
    }

    private static byte[] footer(String words) {
        byte[] text = words.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(29 + text.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {0x1f, (byte) 0x8b, 8, 4, 0, 0, 0, 0, 0, (byte) 255})
                .putShort((short) (4 + text.length))
                .put(new byte[] {'S', 'G'})
                .putShort((short) text.length)
                .put(text)
                .put(new byte[] {1, 0, 0, (byte) 255, (byte) 255})
                .array();
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    public Descriptor descriptor() {
        return descriptor;
    }

    /// As the manifest of another layer would name it.
    public Descriptor withWrongTocDigest() {
        return descriptor.withAnnotations(
                Map.of(TOC_DIGEST, Digest.sha256(new byte[] {1}).toString()));
    }
}
