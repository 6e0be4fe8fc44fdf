package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.ContentStore.IngestResult;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.Ingest;
import io.lighterage.contentstore.Lease;
import io.lighterage.contentstore.Namespace;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// What a second JVM of the tests does with a store.
final class IngestingProcess {
    static final int BLOBS = 5;
    static final int BLOB_SIZE = 6_000_000;

    private IngestingProcess() {}

    /// `one ROOT SEED SIZE`: ingests one blob, says `writing` or `present`.
    /// `many ROOT SEED`: ingests the blobs of a seed with two threads each, in pieces of random order and size.
    /// `collect ROOT`: collects garbage until killed.
    @SuppressWarnings("SystemOut") // its parent listens
    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        try (LocalStore store = Bytes.open(Path.of(args[1]))) {
            switch (args[0]) {
                case "one" -> one(store, Long.parseLong(args[2]), Integer.parseInt(args[3]), out);
                case "many" -> many(store, Long.parseLong(args[2]), out);
                case "collect" -> {
                    say(out, "ready");
                    while (true) {
                        store.gc(Duration.ofHours(1));
                    }
                }
                default -> throw new IllegalArgumentException(args[0]);
            }
        }
    }

    private static void say(PrintStream out, String word) {
        out.println(word);
        out.flush();
    }

    private static void one(LocalStore store, long seed, int size, PrintStream out) throws Exception {
        byte[] bytes = Bytes.random(seed, size);
        Descriptor blob = Bytes.layer(bytes);
        Namespace namespace = store.namespace("default");
        say(out, "ready");
        if (System.in.read() < 0) {
            throw new IllegalStateException("the parent is gone");
        }
        switch (namespace.content().ingest(blob)) {
            case IngestResult.Present present -> say(out, "present");
            case IngestResult.Writing(Ingest ingest) -> {
                try (ingest) {
                    for (int at = 0; at < size; at += 100_000) {
                        ingest.write(at, ByteBuffer.wrap(bytes, at, Math.min(100_000, size - at)));
                    }
                    ingest.commit();
                    say(out, "writing");
                }
            }
        }
        if (namespace.content().info(blob.digest()).isEmpty()) {
            throw new IllegalStateException("the blob is not there");
        }
    }

    static byte[] blob(long seed, int index) {
        return Bytes.random(seed * 31 + index, BLOB_SIZE);
    }

    static void many(LocalStore store, long seed, PrintStream out) throws Exception {
        Namespace namespace = store.namespace("default");
        List<byte[]> contents = new ArrayList<>();
        for (int i = 0; i < BLOBS; i++) {
            contents.add(blob(seed, i));
        }
        say(out, "ready");
        try (Lease lease = namespace.leases().create(Duration.ofHours(1), Map.of());
                var threads = Executors.newFixedThreadPool(2)) {
            for (byte[] bytes : contents) {
                Descriptor blob = Bytes.layer(bytes);
                lease.add(blob.digest());
                if (namespace.content().ingest(blob) instanceof IngestResult.Writing(Ingest ingest)) {
                    try (ingest) {
                        List<Future<?>> writes = new ArrayList<>();
                        for (Ingest.ByteRange piece : pieces(ingest.missing(), new Random())) {
                            writes.add(threads.submit(() ->
                                    ingest.write(piece.offset(), ByteBuffer.wrap(bytes, (int) piece.offset(), (int)
                                            piece.length()))));
                        }
                        for (Future<?> write : writes) {
                            write.get();
                        }
                        ingest.commit();
                    }
                }
            }
            Descriptor last = Bytes.layer(contents.getLast());
            namespace.images().put("image:latest", last, Map.of());
        }
        say(out, "done " + Digest.sha256(contents.getLast()));
    }

    private static List<Ingest.ByteRange> pieces(List<Ingest.ByteRange> missing, Random random) {
        List<Ingest.ByteRange> pieces = new ArrayList<>();
        for (Ingest.ByteRange gap : missing) {
            for (long at = gap.offset(); at < gap.end(); ) {
                long length = Math.min(gap.end() - at, 1 + random.nextInt(200_000));
                pieces.add(new Ingest.ByteRange(at, length));
                at += length;
            }
        }
        Collections.shuffle(pieces, random);
        return pieces;
    }
}
