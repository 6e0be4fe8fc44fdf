package io.lighterage.stargz.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.stargz.Sources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Archives that GNU tar and Python's tarfile write, read by us and by Python: the lists must be the same.
class TarReaderReferenceTest {
    @TempDir
    static Path scratch;

    @BeforeAll
    static void makeTree() throws Exception {
        assumeTrue(installed("tar") && installed("python3"), "needs tar and python3 on the path");
        Path script = scratch.resolve("maketree.py");
        try (var in = TarReaderReferenceTest.class.getResourceAsStream("/maketree.py")) {
            Files.write(script, java.util.Objects.requireNonNull(in).readAllBytes());
        }
        Listing.run(scratch, Map.of(), "python3", script.toString(), "tree");
    }

    private static boolean installed(String program) {
        return List.of(System.getenv().getOrDefault("PATH", "").split(":")).stream()
                .anyMatch(dir -> Files.isExecutable(Path.of(dir, program)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--format=v7",
                "--format=oldgnu",
                "--format=gnu",
                "--format=ustar",
                "--format=posix",
                "--format=oldgnu --sparse",
                "--format=gnu --sparse",
                "--format=posix --sparse --sparse-version=0.0",
                "--format=posix --sparse --sparse-version=0.1",
                "--format=posix --sparse --sparse-version=1.0",
                "--format=posix --xattrs --xattrs-include=*",
                "--format=posix --xattrs --xattrs-include=* --sparse",
                "--format=posix --pax-option=globexthdr.name=x,comment=a",
                "--format=gnu --label=volume",
                "--format=gnu --blocking-factor=1",
                "--format=gnu --owner=3000000000 --group=3000000001",
                "--format=posix --owner=3000000000 --group=3000000001",
            })
    void gnuTarsArchiveReadsAsPythonReadsIt(String options) throws Exception {
        Path archive = scratch.resolve("gnu.tar");
        String command = "tar -C tree --sort=name -cf gnu.tar " + options + " .";
        Listing.run(scratch, Map.of("LC_ALL", "C"), command.split(" "));
        List<String> python = Listing.pythons(archive, scratch).stream()
                .filter(line -> !(options.contains("label") && line.startsWith("766f6c756d65|")))
                .toList();
        assertThat(python).hasSizeGreaterThan(20);
        assertReadsAs(archive, python);
    }

    @ParameterizedTest
    @ValueSource(strings = {"USTAR_FORMAT", "GNU_FORMAT", "PAX_FORMAT"})
    void pythonsArchiveReadsAsPythonReadsIt(String format) throws Exception {
        Path archive = scratch.resolve("python.tar");
        String program = """
                import os, tarfile
                with tarfile.open("python.tar", "w", format=tarfile.%s, errors="surrogateescape") as t:
                    for where, dirs, files in os.walk("tree"):
                        dirs.sort()
                        for name in sorted(dirs + files):
                            try:
                                t.add(os.path.join(where, name), os.path.join(where, name)[5:], recursive=False,
                                      filter=lambda m: m if abs(m.mtime) > 1 else None) # else written as -1e-09
                            except (ValueError, UnicodeEncodeError):
                                pass
                """.formatted(format);
        Listing.run(scratch, Map.of(), "python3", "-c", program);
        assertReadsAs(archive, Listing.pythons(archive, scratch));
    }

    private static void assertReadsAs(Path archive, List<String> expected) throws IOException {
        byte[] bytes = Files.readAllBytes(archive);
        assertThat(Listing.ours(Sources.of(bytes))).isEqualTo(expected);
        // pieces of a prime length put every kind of boundary inside headers
        assertThat(Listing.ours(Sources.of(bytes, 509))).isEqualTo(expected);
    }
}
