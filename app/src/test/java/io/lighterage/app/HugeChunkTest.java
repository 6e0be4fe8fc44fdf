package io.lighterage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.remotesnapshotter.lazy.EstargzBlob;
import io.lighterage.remotesnapshotter.lazy.EstargzImage;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.tar.Tars;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Images whose chunks are as large as any may be, mounted in the memory that the launcher gives.
@Timeout(300)
class HugeChunkTest {
    /// Twice what was measured.
    private static final long MOST_RESIDENT_MEGABYTES = 300;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {32 << 20, LayerIndex.MAX_CHUNK})
    void aFileThatIsOneChunkIsReadInLittleMemory(int size) throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: the mount shows other owners");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        MemoryUpstream upstream = new MemoryUpstream();
        String expected = putZeros(upstream, size);
        LighterCommand lighter = new LighterCommand(folder);
        Path place = Files.createDirectory(folder.resolve("mnt"));
        Path errors = folder.resolve("errors");
        try (MirrorServer registry = MirrorServer.start(MirrorOptions.defaults(), upstream)) {
            ProcessBuilder mount = new ProcessBuilder(
                            lighter.script().toString(),
                            "mount",
                            "--plain-http",
                            "--root=" + lighter.root(),
                            registry.hostPort() + "/app:latest",
                            place.toString())
                    .redirectError(errors.toFile());
            mount.environment().put("MALLOC_ARENA_MAX", "1");
            Process process = mount.start();
            try {
                assertThat(String.valueOf(process.inputReader().readLine()))
                        .as(Files.readString(errors))
                        .startsWith("sha256:");
                assertThat(Unpacking.command("sha256sum", place.resolve("zeros").toString()))
                        .startsWith(expected);
                long most = mostResidentMegabytes(process);
                System.out.println("a chunk of " + size + " bytes took " + most + " MiB");
                assertThat(most).isLessThan(MOST_RESIDENT_MEGABYTES);
            } finally {
                process.destroy();
                if (!process.waitFor(60, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            }
        }
        assertThat(Files.readString(errors)).doesNotContain("OutOfMemory", "no memory left");
    }

    private static long mostResidentMegabytes(Process process) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
            String line = lines.filter(l -> l.startsWith("VmHWM:")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
        }
    }

    /// Puts an image of one eStargz layer with one file of zeros, which is one chunk.
    ///
    /// @return the file's digest
    private static String putZeros(MemoryUpstream upstream, int size) throws IOException {
        byte[] head = Tars.unterminated(Tars.header("zeros", '0').size(size));
        byte[] zeros = new byte[1 << 20];
        MessageDigest file = Digest.newHasher("sha256");
        MessageDigest archive = Digest.newHasher("sha256");
        archive.update(head);
        for (int at = 0; at < size; at += zeros.length) {
            file.update(zeros);
            archive.update(zeros);
        }
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        member(blob, head, 1);
        long content = blob.size();
        member(blob, zeros, size / zeros.length);
        Digest digest = Digest.finish("sha256", file);
        byte[] json = table(size, content, digest).getBytes(StandardCharsets.UTF_8);
        byte[] table = Tars.tarOf(Tars.file("stargz.index.json", json));
        archive.update(table);
        long at = blob.size();
        member(blob, table, 1);
        blob.writeBytes(EstargzBlob.footerOf(at));
        Digest layer = upstream.put("app", ByteBuffer.wrap(blob.toByteArray()));
        Descriptor descriptor = new Descriptor(MediaType.OCI_LAYER_GZIP, layer, blob.size())
                .withAnnotations(Map.of(
                        "containerd.io/snapshot/stargz/toc.digest",
                        Digest.sha256(json).toString()));
        EstargzImage.put(upstream, "app", List.of(descriptor), List.of(Digest.finish("sha256", archive)));
        return digest.hex();
    }

    private static String table(int size, long offset, Digest digest) {
        return "{\"version\":1,\"entries\":[{\"name\":\"zeros\",\"type\":\"reg\",\"mode\":420,\"size\":" + size
                + ",\"offset\":" + offset + ",\"chunkSize\":" + size + ",\"chunkDigest\":\"" + digest
                + "\",\"digest\":\""
                + digest + "\"}]}";
    }

    private static void member(ByteArrayOutputStream blob, byte[] content, int times) throws IOException {
        try (GZIPOutputStream gzip = new GZIPOutputStream(blob)) {
            for (int i = 0; i < times; i++) {
                gzip.write(content);
            }
        }
    }
}
