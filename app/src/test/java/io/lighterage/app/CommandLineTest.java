package io.lighterage.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.MemoryUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The command as a script sees it: exit code, stdout, stderr.
class CommandLineTest {
    @TempDir
    Path folder;

    private final MemoryUpstream upstream = new MemoryUpstream();
    private MirrorServer mirror;
    private Digest manifest;

    private record Ran(int code, String out, String err) {}

    @BeforeEach
    void serveAnImageOfOneEmptyLayer() {
        byte[] tar = new byte[1024];
        Digest layer = upstream.put("app", ByteBuffer.wrap(tar));
        String config = "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
                + layer + "\"]}}";
        Digest configDigest = upstream.put("app", bytes(config));
        manifest = upstream.putManifest(
                "app",
                "latest",
                MediaType.OCI_MANIFEST,
                bytes("{\"schemaVersion\":2,\"config\":"
                        + descriptor(MediaType.OCI_CONFIG, configDigest, config.length()) + ",\"layers\":["
                        + descriptor(MediaType.OCI_LAYER, layer, tar.length) + "]}"));
        mirror = MirrorServer.start(MirrorOptions.defaults(), upstream);
    }

    @AfterEach
    void stop() {
        mirror.close();
    }

    @Test
    void pullPrintsTheDigestAsItsLastLine() throws IOException {
        Ran ran = lighter("pull", reference());
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out().lines().toList().getLast()).isEqualTo(manifest.toString());
        assertThat(ran.err()).contains("downloaded");
    }

    @Test
    void quietPrintsNothingButTheDigest() throws IOException {
        Ran ran = lighter("pull", "-q", reference());
        assertThat(ran.out()).isEqualTo(manifest + "\n");
        assertThat(ran.err()).isEmpty();
    }

    @Test
    void whatWasPulledIsListedInspectedAndForgotten() throws IOException {
        assertThat(lighter("pull", reference()).code()).isZero();
        assertThat(lighter("images").out()).contains(mirror.hostPort() + "/app");
        assertThat(lighter("inspect", reference()).out()).contains("\"Digest\"").contains(manifest.toString());
        assertThat(lighter("manifest", reference()).out()).contains("\"schemaVersion\":2");
        assertThat(lighter("config", reference()).out()).contains("\"diff_ids\"");
        assertThat(lighter("fsck").code()).isZero();
        assertThat(lighter("rmi", reference()).code()).isZero();
        assertThat(lighter("gc").code()).isZero();
        assertThat(lighter("rmi", reference()).code()).isEqualTo(ExitCode.NOT_FOUND);
    }

    @Test
    void unpackFillsTheDirectory() throws IOException {
        Ran ran = lighter("unpack", reference(), folder.resolve("tree").toString());
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(folder.resolve("tree")).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource({"401,3", "403,3", "404,2", "500,5"})
    void failuresHaveTheirExitCode(int status, int code) throws IOException {
        mirror.faults().nextManifests(99, Fault.status(status));
        Ran ran = lighter("pull", reference());
        assertThat(ran.code()).as(ran.err()).isEqualTo(code);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).contains("lighter: ");
    }

    @Test
    void aBlobThatIsNotItsDigestIsAVerificationFailure() throws IOException {
        mirror.faults().nextBlobs(99, new Fault.Flip(3));
        assertThat(lighter("pull", reference()).code()).isEqualTo(ExitCode.VERIFICATION);
    }

    @Test
    void anUnknownTransportIsUnsupported() throws IOException {
        assertThat(lighter("pull", "ftp://x/y").code()).isEqualTo(ExitCode.UNSUPPORTED);
    }

    @Test
    void aTypingErrorIsAUsageErrorWithASuggestion() throws IOException {
        Ran ran = lighter("pul", reference());
        assertThat(ran.code()).isEqualTo(ExitCode.USAGE);
        assertThat(ran.err()).contains("pull");
        assertThat(lighter("pull").code()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void failuresAreJsonWhereJsonIsAskedFor() throws IOException {
        mirror.faults().nextManifests(99, Fault.status(404));
        Ran ran = lighter("pull", "--format", "json", reference());
        assertThat(ran.out() + ran.err()).contains("\"code\"").contains("NOT_FOUND");
    }

    @Test
    void everyVerbTakesTheGlobalFlags() {
        for (String verb : List.of("pull", "unpack", "images", "rmi", "inspect", "manifest", "config", "gc", "fsck")) {
            List<String> args = new ArrayList<>(List.of(verb, "--help", "--plain-http", "--platform", "linux/amd64"));
            assertThat(run(args).code()).as(verb).isZero();
        }
    }

    private Ran lighter(String... args) throws IOException {
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--root");
        all.add(folder.resolve("root").toString());
        all.add("--plain-http");
        return run(all);
    }

    private static Ran run(List<String> args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream outStream = new PrintStream(out, true, StandardCharsets.UTF_8);
        PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8);
        int code = Main.run(args, outStream, errStream, Map.of("HOME", "/nonexistent"));
        return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private String reference() {
        return mirror.hostPort() + "/app:latest";
    }

    private static String descriptor(String mediaType, Digest digest, long size) {
        return "{\"mediaType\":\"" + mediaType + "\",\"digest\":\"" + digest + "\",\"size\":" + size + "}";
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
