package io.lighterage.stargz.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.Sources;
import io.lighterage.stargz.tar.Listing;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the stargz-snapshotter's own library makes of our eStargz.
class GoEstargzTest {
    private static final Path LIBRARY =
            Path.of("/usr/share/gocode/src/github.com/containerd/stargz-snapshotter/estargz");

    @TempDir
    static Path folder;

    private static Path program;

    @BeforeAll
    static void buildTheReader() throws Exception {
        boolean go = Arrays.stream(System.getenv("PATH").split(":"))
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, "go")));
        assumeTrue(go, "needs the program 'go' (Debian: golang-go); ./verify installs it");
        assumeTrue(
                Files.isDirectory(LIBRARY),
                "needs Debian's golang-github-containerd-stargz-snapshotter-dev; ./verify installs it");
        try (var in = GoEstargzTest.class.getResourceAsStream("/goestargz/main.go")) {
            Files.write(
                    folder.resolve("main.go"),
                    java.util.Objects.requireNonNull(in).readAllBytes());
        }
        program = folder.resolve("readtoc");
        Map<String, String> environment = Map.of(
                "GO111MODULE", "off",
                "GOPATH", "/usr/share/gocode",
                "GOFLAGS", "",
                "GOCACHE", folder.resolve("cache").toString());
        Listing.run(folder, environment, "go", "build", "-o", program.toString(), "main.go");
    }

    @ParameterizedTest
    @ValueSource(strings = {"4096", "65536", "4194304", "4096 files/513 pipe", "4096 etc/harder zeros files/3000000"})
    void everyFileAndChunkVerifiesAndIsWhatItWas(String options) throws Exception {
        byte[] tar = LayerConverterTest.oneOfEverything();
        String[] words = options.split(" ");
        int chunkSize = Integer.parseInt(words[0]);
        String priorities = String.join("\n", Arrays.copyOfRange(words, 1, words.length));
        Conversion made = Conversion.of(tar, LayerForm.ESTARGZ, chunkSize, priorities, folder);
        assertThat(read(made)).containsExactlyInAnyOrderElementsOf(expected(tar, chunkSize));
    }

    @Test
    void chunksThatBeginWhereReadsDoVerifyToo() throws Exception {
        byte[] tar = LayerConverterTest.oneOfEverything();
        String list = "files/3000000\t100000+5000,2000000+70000\n";
        Conversion made = Conversion.of(tar, LayerForm.ESTARGZ, 65536, list, folder);
        // pages 24-25 and 488-505 are read: 2 chunks, 1, 29, 2 and 15
        List<String> expected = expected(tar, 65536).stream()
                .map(line -> line.startsWith("files/3000000|") ? line.replace("||46|", "||49|") : line)
                .toList();
        assertThat(read(made)).containsExactlyInAnyOrderElementsOf(expected);
    }

    /// What the library finds in it, save for what belongs to the format.
    private static List<String> read(Conversion made) throws Exception {
        return Listing.run(
                        folder,
                        Map.of(),
                        program.toString(),
                        made.file().toString(),
                        made.annotation("containerd.io/snapshot/stargz/toc.digest"))
                .stream()
                .filter(line -> !line.startsWith("."))
                .toList();
    }

    private static List<String> expected(byte[] tar, int chunkSize) {
        TreeMap<String, String> lines = new TreeMap<>();
        Map<String, String> byName = new HashMap<>();
        TarReader reader = new TarReader(Sources.of(tar));
        for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
            String name = EntryPath.clean(entry.name()).toString();
            String rest = entry.type() == TarEntry.Type.HARD_LINK
                    ? byName.getOrDefault(EntryPath.clean(entry.linkName()).toString(), "")
                    : rest(entry, reader, chunkSize);
            byName.put(name, rest);
            if (!name.isEmpty()) {
                lines.put(name, name + "|" + rest);
            }
        }
        for (String made : List.of("ünïcödé", "files")) {
            // no entries of their own, so made by the library, with Go's zero time
            lines.put(made, made + "|dir|0|755|0|0|-6795364578871345152||0|");
        }
        return lines.values().stream().toList();
    }

    private static String rest(TarEntry entry, TarReader reader, int chunkSize) {
        boolean regular = entry.type() == TarEntry.Type.REGULAR;
        return String.join(
                "|",
                switch (entry.type()) {
                    case REGULAR -> "reg";
                    case DIRECTORY -> "dir";
                    case SYMLINK -> "symlink";
                    case CHARACTER_DEVICE -> "char";
                    case BLOCK_DEVICE -> "block";
                    case FIFO -> "fifo";
                    case HARD_LINK -> "hardlink";
                },
                "" + entry.size(),
                Integer.toOctalString(entry.mode()),
                "" + entry.uid(),
                "" + entry.gid(),
                "" + (entry.modifySeconds() * 1_000_000_000L + entry.modifyNanos()),
                new String(entry.linkName().toBytes(), StandardCharsets.UTF_8),
                "" + Math.ceilDiv(entry.size(), chunkSize),
                regular ? contentHash(reader) : "");
    }

    private static String contentHash(TarReader reader) {
        MessageDigest hasher = Digest.newHasher("sha256");
        for (ByteBuffer piece = reader.payload(); piece != null; piece = reader.payload()) {
            hasher.update(piece);
        }
        return Digest.finish("sha256", hasher).hex();
    }
}
