package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ChildrenReader;
import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.ContentStore.IngestResult;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest;
import io.lighterage.contentstore.MediaType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Contents to store, and a manifest language of one line a child: `{` then `digest size`.
public final class Bytes {
    /// Reads what [#document] writes.
    public static final ChildrenReader LINES = (parent, content) -> {
        String text = new String(content, StandardCharsets.UTF_8);
        if (!text.startsWith("{")) {
            throw new ImageException(ErrorKind.INVALID, "not a document");
        }
        List<Descriptor> children = new ArrayList<>();
        for (String line : text.substring(1).lines().filter(l -> !l.isBlank()).toList()) {
            String[] words = line.split(" ", 2);
            children.add(new Descriptor("", Digest.parse(words[0]), Long.parseLong(words[1])));
        }
        return children;
    };

    private Bytes() {}

    public static byte[] random(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    public static byte[] document(Descriptor... children) {
        StringBuilder text = new StringBuilder("{\n");
        for (Descriptor child : children) {
            text.append(child.digest()).append(' ').append(child.size()).append('\n');
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    public static Descriptor layer(byte[] content) {
        return new Descriptor(MediaType.OCI_LAYER_GZIP, Digest.sha256(content), content.length);
    }

    public static Descriptor manifest(byte[] content) {
        return new Descriptor(MediaType.OCI_MANIFEST, Digest.sha256(content), content.length);
    }

    static LocalStore open(Path root) {
        return LocalStore.open(root, LINES, Clock.systemUTC());
    }

    public static Ingest writing(ContentStore content, Descriptor expected) {
        return switch (content.ingest(expected)) {
            case IngestResult.Writing(Ingest ingest) -> ingest;
            case IngestResult.Present(var info) -> throw new AssertionError("already there: " + info);
        };
    }

    public static void put(ContentStore content, Descriptor expected, byte[] bytes) {
        switch (content.ingest(expected)) {
            case IngestResult.Present present -> {}
            case IngestResult.Writing(Ingest ingest) -> {
                try (ingest) {
                    for (Ingest.ByteRange gap : ingest.missing()) {
                        ingest.write(gap.offset(), ByteBuffer.wrap(bytes, (int) gap.offset(), (int) gap.length()));
                    }
                    ingest.commit();
                }
            }
        }
    }

    public static byte[] read(ContentStore content, Digest digest) {
        try (Blob blob = content.open(digest)) {
            return read(blob);
        }
    }

    public static byte[] read(Blob blob) {
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(blob.size()));
        blob.readFully(0, all);
        return all.array();
    }
}
