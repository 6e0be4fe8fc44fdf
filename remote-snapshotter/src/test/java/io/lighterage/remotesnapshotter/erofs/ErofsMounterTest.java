package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.linux.MountFlags;
import io.lighterage.linux.RecordingLoopCalls;
import io.lighterage.linux.RecordingMountCalls;
import io.lighterage.remotesnapshotter.erofs.ErofsMount.Backing;
import io.lighterage.remotesnapshotter.erofs.Images.Image;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How the kernel is asked, and what is made of its answers.
class ErofsMounterTest {
    private final RecordingMountCalls calls = new RecordingMountCalls();
    private final RecordingLoopCalls loops = new RecordingLoopCalls();
    private final ErofsMounter mounter = new ErofsMounter(calls, loops);

    @TempDir
    Path scratch;

    private Image image;
    private Path target;

    @BeforeEach
    void begin() throws IOException {
        image = Images.write(tarOf(file("f", "hello")), scratch.resolve("with,comma"));
        target = Files.createDirectory(scratch.resolve("mount"));
    }

    @AfterEach
    void end() throws IOException {
        Images.clean(scratch);
    }

    private ErofsMount mount() {
        return mounter.mount(image.metadata(), image.devices(), target);
    }

    private static void refuses(ErrorKind kind, ThrowingCallable call, String... words) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind))
                .message()
                .contains(words);
    }

    @Test
    void filesAreMountedReadOnlyAndNamedByDescriptor() {
        ErofsMount mount = mount();
        assertThat(mount.backing()).isEqualTo(Backing.FILES);
        RecordingMountCalls.Mount made = calls.mounts().getFirst();
        assertThat(made.source()).isEqualTo(image.metadata().toString());
        assertThat(made.type()).isEqualTo("erofs");
        assertThat(made.flags()).isEqualTo(MountFlags.MS_RDONLY);
        assertThat(made.options()).matches("device=/proc/self/fd/\\d+");
        mount.close();
        assertThat(calls.mounts()).isEmpty();
        mount.close();
    }

    @Test
    void loopDevicesAreTriedWhereFilesAreRefused() {
        calls.failNext(Errno.ENOTBLK);
        loops.failNext(Errno.EBUSY);
        ErofsMount mount = mount();
        assertThat(mount.backing()).isEqualTo(Backing.LOOP_DEVICES);
        assertThat(loops.attached()).containsExactly(1, 2);
        assertThat(calls.mounts().getFirst().source()).isEqualTo("/dev/loop1");
    }

    @Test
    void everyFailureHasItsKind() {
        calls.failNext(Errno.EPERM);
        refuses(ErrorKind.DENIED, this::mount, "EPERM; only root may mount it", target.toString());
        calls.failNext(Errno.ENODEV);
        refuses(ErrorKind.UNSUPPORTED, this::mount, "ENODEV; this kernel has no EROFS");
        calls.failNext(Errno.EIO);
        refuses(ErrorKind.INTERNAL, this::mount, "EIO; the kernel log says more");
        calls.failNext(Errno.ENOTBLK);
        loops.failNext(Errno.EACCES);
        refuses(ErrorKind.DENIED, this::mount, "cannot make a loop device", "EACCES");
        assertThat(calls.mounts()).isEmpty();
    }

    @Test
    void whatIsNotThereOrDoesNotFitIsRefusedBeforeTheKernelIsAsked() throws IOException {
        Path flat = image.devices().getFirst();
        Path none = scratch.resolve("none");
        refuses(ErrorKind.NOT_FOUND, () -> mounter.mount(image.metadata(), flat, none), "no directory");
        refuses(ErrorKind.PRECONDITION, () -> mounter.mount(image.metadata(), flat, flat), "no directory");
        refuses(ErrorKind.NOT_FOUND, () -> mounter.mount(none, flat, target), "there is no EROFS image");
        refuses(ErrorKind.NOT_FOUND, () -> mounter.mount(image.metadata(), none, target), "device " + none);
        refuses(ErrorKind.CORRUPT, () -> mounter.mount(flat, flat, target), flat.toString());
        refuses(ErrorKind.INVALID, () -> mounter.mount(image.metadata(), List.of(), target), "1 devices, and 0");
        Files.write(flat, new byte[4095]);
        refuses(ErrorKind.INVALID, this::mount, "has 4095 bytes; expected 4096");
        assertThat(calls.calls()).isEmpty();
    }

    @Test
    void aMountInUseIsDetachedAndServesWhoIsInIt() throws IOException {
        Images.assumeErofs();
        ErofsMount mount = Images.mount(image, target);
        try (InputStream in = Files.newInputStream(target.resolve("f"))) {
            mount.close();
            assertThat(target.resolve("f")).doesNotExist();
            assertThat(in.readAllBytes()).asString().isEqualTo("hello");
        }
        mount.close();
    }

    @Test
    void aMountOutlivesTheNamesOfItsFiles() throws IOException {
        Images.assumeErofs();
        try (ErofsMount mount = Images.mount(image, target)) {
            Files.delete(image.metadata());
            Files.delete(image.devices().getFirst());
            assertThat(mount.at().resolve("f")).hasContent("hello");
        }
        assertThat(target.resolve("f")).doesNotExist();
    }
}
