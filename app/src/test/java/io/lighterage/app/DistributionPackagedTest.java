package io.lighterage.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.mirror.LayerFile;
import io.lighterage.mirror.LayoutWriter;
import io.lighterage.resolver.PlatformMatcher;
import io.lighterage.stargz.tar.Tars;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs after packaging, with the jars and the LAUNCHER themselves.
class DistributionPackagedTest {
    private static final String PROGRAM = "bin/lighter";

    @TempDir
    Path folder;

    private static final Path LAUNCHER = Repository.top().resolve("lighter");

    /// One for all tests, for its first start prepares the start-up cache.
    @TempDir
    static Path shared;

    private static Path home = LAUNCHER;

    @BeforeAll
    static void unpackOnce() throws Exception {
        home = unpacked(Files.createDirectory(shared.resolve("a place with spaces")));
    }

    @Test
    void anUnpackedDistributionPullsAndUnpacksWhereverItLies() throws Exception {
        Path program = home.resolve(PROGRAM);
        String version = run(program, "version").strip();
        assertThat(version).isEqualTo(run(LAUNCHER, "version").strip()).startsWith("lighter 0.");

        Path layout = folder.resolve("image");
        byte[] tar = Tars.tarOf(Tars.file("greeting", "hello\n"));
        LayerFile layer =
                new LayerFile(MediaType.OCI_LAYER, Digest.sha256(tar), "", () -> new ByteArrayInputStream(tar));
        LayoutWriter.write(layout, "latest", PlatformMatcher.host(), List.of(layer));
        String root = folder.resolve("root").toString();
        String digest =
                run(program, "pull", "-q", "--root", root, "oci:" + layout).strip();
        assertThat(digest).startsWith("sha256:");
        run(
                program,
                "unpack",
                "-q",
                "--root",
                root,
                "oci:" + layout,
                folder.resolve("tree").toString());
        assertThat(folder.resolve("tree/greeting")).content().isEqualTo("hello\n");
    }

    @Test
    void theSameBuildGivesTheSameBytesAlsoFromADistribution() throws Exception {
        Path first = packed(LAUNCHER, folder.resolve("first.tar.gz"));
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));
            }
        }
        Path second = packed(home.resolve(PROGRAM), folder.resolve("second.tar.gz"));
        assertThat(second).hasSameBinaryContentAs(first);
    }

    @Test
    void itHoldsWhatItNeedsAndNothingElse() throws Exception {
        Path fresh = unpacked(folder);
        Path program = fresh.resolve(PROGRAM);
        assertThat(fresh.resolve("LICENSE"))
                .hasSameBinaryContentAs(Repository.top().resolve("LICENSE"));
        assertThat(fresh.resolve("README.md")).exists();
        try (Stream<Path> top = Files.list(fresh)) {
            assertThat(top.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("LICENSE", "README.md", "bin", "lib");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(program)))
                .isEqualTo("rwxr-xr-x");
        Files.delete(fresh.resolve("lib/lighter.jar"));
        assertThat(fails(program, "version")).contains("lighter.jar is missing; unpack the distribution again");
    }

    @Test
    void whereItCannotBeWrittenNothingIsLeft() throws Exception {
        assertThat(fails(LAUNCHER, "dist", folder.resolve("missing/x.tar.gz").toString()))
                .contains("cannot write the distribution", "missing is no directory");
        assertThat(folder).isEmptyDirectory();
    }

    private static Path packed(Path program, Path file) throws Exception {
        assertThat(run(program, "dist", "-q", file.toString()).strip()).isEqualTo(file.toString());
        return file;
    }

    /// @return the folder it makes
    private static Path unpacked(Path where) throws Exception {
        Path file = packed(LAUNCHER, where.resolve("packed.tar.gz"));
        run(Path.of("tar"), "-xzf", file.toString(), "-C", where.toString());
        Files.delete(file);
        try (Stream<Path> all = Files.list(where)) {
            return all.toList().getFirst();
        }
    }

    private static String run(Path program, String... arguments) throws Exception {
        Path errors = Files.createTempFile("lighter", ".err");
        try {
            Process process =
                    start(program, arguments).redirectError(errors.toFile()).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor())
                    .as("%s: %s", List.of(arguments), Files.readString(errors))
                    .isZero();
            return output;
        } finally {
            Files.delete(errors);
        }
    }

    private static String fails(Path program, String... arguments) throws Exception {
        Process process = start(program, arguments).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isNotZero();
        return output;
    }

    private static ProcessBuilder start(Path program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).directory(Path.of("/").toFile());
    }
}
