package io.lighterage.remotesnapshotter.apply;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Digest;
import io.lighterage.linux.NativeFileCalls;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Unpacks archives into a directory that has a canary beside it: a neighbour with files that no layer may change.
public final class Unpacking {
    static final String LABEL = "sha256:0123";

    private final Path target;
    private final Path canary;
    private final String canaryBefore;

    public Unpacking(Path scratch) throws IOException {
        target = scratch.resolve("root");
        canary = scratch.resolve("canary");
        Files.createDirectories(canary.resolve("sub"));
        Files.writeString(canary.resolve("passwd"), "root:x:0:0\n");
        Files.writeString(canary.resolve("sub/file"), "untouched");
        canaryBefore = canaryNow();
    }

    public Path target() {
        return target;
    }

    Path canary() {
        return canary;
    }

    private String canaryNow() {
        return TreeListing.of(canary).nodes().toString();
    }

    /// Fails when anything beside the target has changed or appeared.
    void requireContained() throws IOException {
        if (!canaryNow().equals(canaryBefore)) {
            throw new AssertionError("the canary changed: " + canaryBefore + "\nnow " + canaryNow());
        }
        try (var beside = Files.list(target.toAbsolutePath().getParent())) {
            List<String> names = beside.map(p -> p.getFileName().toString())
                    .filter(name -> !name.startsWith("layer"))
                    .sorted()
                    .toList();
            if (!List.of("canary", "root").containsAll(names)) {
                throw new AssertionError("something appeared beside the target: " + names);
            }
        }
    }

    /// Applies layers one on another, base first, and gives the last one's report.
    public ApplyReport merged(byte[]... layers) throws IOException {
        ApplyReport report = null;
        for (byte[] layer : layers) {
            report = unpack(layer, target, ApplyOptions.merged(LABEL));
        }
        requireContained();
        return java.util.Objects.requireNonNull(report);
    }

    /// Applies layers each to a directory of its own, which knows those below; gives the directories, base first.
    public List<Path> overlay(byte[]... layers) throws IOException {
        List<Path> directories = new ArrayList<>();
        for (byte[] layer : layers) {
            Path directory = target.resolveSibling("layer" + directories.size());
            unpack(layer, directory, ApplyOptions.overlay(LABEL, directories.reversed()));
            directories.add(directory);
        }
        return directories;
    }

    public static ApplyReport unpack(byte[] tar, Path target, ApplyOptions options) {
        return unpack(tar, tar, target, options);
    }

    /// Unpacks a compressed layer whose uncompressed bytes are `tar`.
    public static ApplyReport unpack(byte[] blob, byte[] tar, Path target, ApplyOptions options) {
        return new LayerUnpacker(new NativeFileCalls())
                .unpack(blobOf(blob), Digest.sha256(tar), target, options, count -> {});
    }

    public TreeListing listing() {
        return TreeListing.of(target);
    }

    public static Blob blobOf(byte[] bytes) {
        return new Blob() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public int read(long position, ByteBuffer out) {
                if (position >= bytes.length) {
                    return -1;
                }
                int count = (int) Math.min(out.remaining(), bytes.length - position);
                out.put(bytes, (int) position, count);
                return count;
            }

            @Override
            public void close() {}
        };
    }

    public static void assumeRoot() {
        assumeTrue(ProcessRights.ofThisProcess().privileged(), "needs root");
    }

    /// Runs a command and gives its output; a failure is an AssertionError with it.
    public static String command(String... words) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String output;
        try (InputStream in = process.getInputStream()) {
            output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        if (process.waitFor() != 0) {
            throw new AssertionError(String.join(" ", words) + " failed: " + output);
        }
        return output;
    }

    public static boolean hasCommand(String name) {
        return List.of("/usr/bin/", "/bin/", "/usr/sbin/", "/usr/local/bin/").stream()
                .anyMatch(folder -> Files.isExecutable(Path.of(folder + name)));
    }
}
