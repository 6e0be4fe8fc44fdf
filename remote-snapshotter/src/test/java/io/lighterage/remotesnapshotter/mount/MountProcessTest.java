package io.lighterage.remotesnapshotter.mount;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.remotesnapshotter.apply.Unpacking;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Mounts whose server is a process of its own.
class MountProcessTest {
    @TempDir
    Path scratch;

    private Path place;

    @BeforeEach
    void begin() throws IOException {
        Trees.assumeFuse();
        Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwxr-xr-x"));
        place = Files.createDirectories(scratch.resolve("mount"));
    }

    @AfterEach
    void end() throws IOException {
        Trees.clean(scratch);
    }

    private static List<String> java(String heap, String classPath, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xss512k",
                heap,
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                classPath,
                MountingProcess.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    private static Process start(List<String> command) throws IOException {
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(new File("target/mounting-process.log")))
                .start();
    }

    private static String says(Process process) throws IOException {
        BufferedReader lines = process.inputReader();
        return String.valueOf(lines.readLine());
    }

    private Path tar(byte[] bytes) throws IOException {
        return Files.write(scratch.resolve("layer.tar"), bytes);
    }

    private Process serve(Mounting by) throws IOException {
        by.assumeWorks();
        Path tar = tar(tarOf(file("f", "x")));
        String classPath = System.getProperty("java.class.path");
        return start(java("-Xmx96m", classPath, place.toString(), tar.toString(), by.name()));
    }

    @ParameterizedTest
    @EnumSource(Mounting.class)
    void theMountOfAServerThatWasKilledCanBeUnmounted(Mounting by) throws Exception {
        Process process = serve(by);
        assertThat(says(process)).isEqualTo("ready");
        process.destroyForcibly();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(Trees.isMounted(place)).isTrue();
        AbandonedMount.unmount(place);
        assertThat(Trees.isMounted(place)).isFalse();
        assertThatThrownBy(() -> AbandonedMount.unmount(place)).hasMessageContaining("mounted nothing there");
    }

    @ParameterizedTest
    @EnumSource(Mounting.class)
    void aServerThatIsToldToStopUnmounts(Mounting by) throws Exception {
        Process process = serve(by);
        assertThat(says(process)).isEqualTo("ready");
        assertThat(place.resolve("f")).hasContent("x");
        process.destroy();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(Trees.isMounted(place)).isFalse();
        assertThat(place).isEmptyDirectory();
    }

    @Test
    void aHundredThousandFilesAreServedInLittleMemory() throws Exception {
        Process process = start(java("-Xmx96m", System.getProperty("java.class.path"), place.toString(), "100000"));
        try {
            assertThat(says(process)).isEqualTo("ready");
            assertThat(Unpacking.command("sh", "-c", "find " + place + " -type f | wc -l")
                            .trim())
                    .isEqualTo("100000");
            assertThat(Unpacking.command("sh", "-c", "find " + place + " -type f -newermt @0 | wc -l")
                            .trim())
                    .isEqualTo("100000");
            assertThat(place.resolve("d9/e999/file-99999")).hasContent("content\n");
            // measured: 140 MiB, 120 before anybody looked
            assertThat(residentMegabytes(process)).isLessThan(260);
        } finally {
            Unpacking.command("umount", place.toString());
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static long residentMegabytes(Process process) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
            String line = lines.filter(l -> l.startsWith("VmRSS:")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
        }
    }

    private Process asNobody(Path tar) throws Exception {
        OrdinaryUser.assumeCanMount();
        OrdinaryUser user = new OrdinaryUser(scratch);
        user.own(place);
        return user.start(
                java("-Xmx96m", user.classPath(), place.toString(), tar.toString()),
                new File("target/mounting-process.log"));
    }

    @Test
    void anOrdinaryUserMountsThroughFusermount() throws Exception {
        byte[] bytes = tarOf(
                dir("d").mode(0700),
                file("d/secret", "x").mode(0600).owner(5, 6),
                file("f", "y").mode(04755));
        Process process = asNobody(tar(bytes));
        try {
            assertThat(says(process)).isEqualTo("ready");
            assertThat(OrdinaryUser.inside(process, "cat " + place + "/d/secret " + place + "/f"))
                    .isEqualTo("xy");
            assertThat(OrdinaryUser.inside(process, "stat -c %u:%g:%a " + place + "/d/secret")
                            .trim())
                    .isEqualTo("5:6:600");
            assertThat(OrdinaryUser.inside(process, "grep " + place + " /proc/self/mounts"))
                    .contains("fuse.lighter ro,nosuid,nodev");
            process.destroy();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void anOrdinaryUserIsToldWhatIsMissing() throws Exception {
        Path tar = tar(tarOf(file("f", "x")));
        Process process = asNobody(tar);
        Unpacking.command("chown", "0:0", place.toString());
        try {
            assertThat(says(process))
                    .startsWith("DENIED cannot mount on " + place)
                    .contains("may not write to it");
        } finally {
            process.destroyForcibly();
        }
    }
}
