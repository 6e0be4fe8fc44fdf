package io.lighterage.runtime.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Descriptors;
import io.lighterage.linux.Flags;
import io.lighterage.linux.NativeFileCalls;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RootFilesTest {
    private final NativeFileCalls calls = new NativeFileCalls();

    @TempDir
    Path folder;

    private Path root;
    private Path passwd;

    @BeforeEach
    void makeTheRoot() throws IOException {
        root = folder.resolve("root");
        passwd = Files.createDirectories(root.resolve("etc")).resolve("passwd");
        Files.writeString(folder.resolve("secret"), "evil:x:0:0::/:");
    }

    private String read() {
        try (RootFiles files = new RootFiles(calls, root)) {
            return files.text("etc/passwd");
        }
    }

    @Test
    void aFileIsReadAndAMissingOneIsEmpty() throws IOException {
        assertThat(read()).isEmpty();
        Files.writeString(passwd, "é:x:1:1");
        assertThat(read()).isEqualTo("é:x:1:1");
        Files.delete(passwd);
        Files.delete(root.resolve("etc"));
        assertThat(read()).isEmpty();
        Files.writeString(root.resolve("etc"), "no directory");
        assertThat(read()).isEmpty();
    }

    @Test
    void aSymlinkLeadsNowhereOutOfTheRoot() throws IOException {
        Files.createSymbolicLink(passwd, folder.resolve("secret"));
        assertThat(read()).isEmpty();
        Files.delete(passwd);
        Files.createSymbolicLink(passwd, Path.of("../../../../../../../../.." + folder.resolve("secret")));
        assertThat(read()).isEmpty();
        Files.delete(passwd);
        Files.createSymbolicLink(passwd, Path.of("../../secret"));
        assertThat(read()).isEmpty();
        Files.writeString(root.resolve("secret"), "the image's own");
        assertThat(read()).isEqualTo("the image's own");
    }

    @Test
    void aSymlinkToTheMachinesPasswdIsALoopInsideTheImage() throws IOException {
        Files.createSymbolicLink(passwd, Path.of("/etc/passwd"));
        refused(this::read, "ELOOP");
    }

    @Test
    void whatIsNoRegularFileIsNeverOpened() throws IOException {
        int directory = Descriptors.openDirectory(calls, root.resolve("etc"));
        byte[] name = "passwd".getBytes(StandardCharsets.US_ASCII);
        assertThat(calls.mknodat(directory, name, Flags.S_IFIFO | 0644, 0, 0)).isZero();
        calls.close(directory);
        refused(this::read, "not a regular file");
        Files.delete(passwd);
        Files.createDirectory(passwd);
        refused(this::read, "not a regular file");
        Files.delete(passwd);
        Files.createSymbolicLink(passwd, Path.of("/proc/self/fd/0"));
        assertThat(read()).isEmpty();
    }

    @Test
    void aFileOfMoreThanTenMebibytesIsRefused() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(passwd.toFile(), "rw")) {
            file.setLength(RootFiles.MAX_BYTES + 1L);
        }
        refused(this::read, "expected at most");
    }

    @Test
    void aMissingRootIsNotFound() {
        assertThatThrownBy(() -> new RootFiles(calls, folder.resolve("missing")))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND));
    }

    private static void refused(ThrowingCallable call, String words) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContaining(words);
    }
}
