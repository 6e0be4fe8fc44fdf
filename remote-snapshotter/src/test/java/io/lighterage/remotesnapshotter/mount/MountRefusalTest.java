package io.lighterage.remotesnapshotter.mount;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Mounts that cannot be say why and what to do.
class MountRefusalTest {
    @TempDir
    Path scratch;

    private static void refused(ThrowingCallable mount, ErrorKind kind, String... words) {
        assertThatThrownBy(mount).isInstanceOfSatisfying(ImageException.class, e -> {
            assertThat(e.kind()).isEqualTo(kind);
            assertThat(e.getMessage()).contains(words);
        });
    }

    private MountPlace place(boolean root) throws Exception {
        Path device = scratch.resolve("device");
        Files.writeString(device, "");
        return new MountPlace(device, List.of(scratch), root);
    }

    @Test
    void aMissingDirectoryIsNamed() {
        Path missing = scratch.resolve("no/such");
        refused(() -> place(true).check(missing), ErrorKind.NOT_FOUND, missing.toString(), "make it first");
    }

    @Test
    void aFileIsNoPlaceToMountOn() throws Exception {
        Path file = Files.writeString(scratch.resolve("file"), "x");
        refused(() -> place(true).check(file), ErrorKind.PRECONDITION, "no directory");
    }

    @Test
    void whatIsInTheDirectoryIsNotHidden() throws Exception {
        Path directory = scratch.resolve("d");
        Files.createDirectories(directory.resolve("e"));
        refused(() -> place(true).check(directory), ErrorKind.PRECONDITION, "not empty");
    }

    @Test
    void aMissingDeviceIsNamedWithAWayOut() throws Exception {
        Path directory = Files.createDirectories(scratch.resolve("d"));
        MountPlace place = new MountPlace(scratch.resolve("fuse"), List.of(), true);
        refused(() -> place.check(directory), ErrorKind.UNSUPPORTED, "modprobe fuse", "--device");
    }

    @Test
    void anOrdinaryUserNeedsFusermount() throws Exception {
        Path directory = Files.createDirectories(scratch.resolve("d"));
        refused(() -> place(false).check(directory), ErrorKind.UNSUPPORTED, "apt-get install fuse3");
        Path program = Files.writeString(scratch.resolve("fusermount3"), "");
        assertThat(program.toFile().setExecutable(true)).isTrue();
        assertThat(place(false).check(directory)).isEqualTo(directory.toRealPath());
    }

    @Test
    void aMissingLibraryIsNamedWithItsPackage() {
        refused(
                () -> FuseLibrary.load("libfuse-of-another-age.so.9"),
                ErrorKind.UNSUPPORTED,
                "apt-get install libfuse2");
    }

    @Test
    void anImageWithoutLayersIsRefused() {
        refused(() -> new ImageTree(List.of()), ErrorKind.INVALID, "without layers");
    }

    @Test
    void aSourceCannotBringOptionsAlong() {
        assertThatThrownBy(() -> MountOptions.USUAL.withSource("a,allow_root")).hasMessageContaining("comma");
        assertThat(Trees.of(tarOf(file("f", "x"))).inodes()).isEqualTo(2);
    }
}
