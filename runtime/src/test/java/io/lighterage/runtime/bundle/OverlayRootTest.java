package io.lighterage.runtime.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.linux.MountCalls;
import io.lighterage.linux.MountFlags;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.linux.RecordingMountCalls;
import io.lighterage.linux.RecordingMountCalls.Mount;
import io.lighterage.linux.RecordingMountCalls.Unmount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverlayRootTest {
    private final RecordingMountCalls mounts = new RecordingMountCalls();

    @TempDir
    Path folder;

    private Path scratch;
    private Path low;

    @BeforeEach
    void makeTheLayer() throws IOException {
        scratch = folder.resolve("scratch");
        low = Files.createDirectory(folder.resolve("low"));
    }

    private OverlayRoot mount(List<Path> lowers) {
        return OverlayRoot.mount(mounts, new NativeFileCalls(), lowers, scratch);
    }

    private String options() {
        return ((Mount) mounts.calls().getLast()).options();
    }

    @Test
    void theLayersStandInTheOptionsAsTheyAre() {
        try (OverlayRoot root = mount(List.of(low, folder))) {
            assertThat(root.path()).isEqualTo(scratch.resolve("root"));
            assertThat(options())
                    .isEqualTo("lowerdir=%s:%s,upperdir=%s/upper,workdir=%s/work,volatile"
                            .formatted(low, folder, scratch, scratch));
        }
        assertThat(mounts.mounts()).isEmpty();
        assertThat(scratch).isEmptyDirectory();
    }

    @Test
    void aKernelWithoutVolatileOverlaysIsAskedAgain() {
        mounts.failNext(Errno.EINVAL);
        mount(List.of(low)).close();
        assertThat(((Mount) mounts.calls().get(1)).options()).doesNotContain("volatile");
    }

    @Test
    void oddAndManyPathsAreNamedByDescriptors() throws IOException {
        Path odd = Files.createDirectory(folder.resolve("a:b,c"));
        mount(List.of(odd, low)).close();
        Mount first = (Mount) mounts.calls().getFirst();
        assertThat(first.options()).startsWith("lowerdir=/proc/self/fd/").contains(":" + low + ",");
        mount(Collections.nCopies(150, low));
        assertThat(options().length()).isLessThanOrEqualTo(MountCalls.MAX_OPTIONS);
        assertThat(options()).doesNotContain(folder.toString());
    }

    @Test
    void moreLayersThanTheKernelTakesAreRefusedAndNothingIsLeft() {
        refused(() -> mount(Collections.nCopies(400, low)), ErrorKind.UNSUPPORTED, "fewer layers");
        refused(() -> mount(List.of()), ErrorKind.INVALID, "lower directory");
        assertThat(scratch).isEmptyDirectory();
        assertThat(mounts.calls()).isEmpty();
    }

    @Test
    void aRefusalOfTheKernelSaysWhatToDo() {
        mounts.failNext(Errno.EPERM);
        refused(() -> mount(List.of(low)), ErrorKind.DENIED, "needs root");
        mounts.failNext(Errno.EINVAL);
        mounts.failNext(Errno.EINVAL);
        refused(() -> mount(List.of(low)), ErrorKind.UNSUPPORTED, "not another overlay");
        assertThat(scratch).isEmptyDirectory();
    }

    @Test
    void aBusyRootIsDetached() {
        OverlayRoot root = mount(List.of(low));
        mounts.failNext(Errno.EBUSY);
        root.close();
        root.close();
        assertThat(mounts.calls().getLast())
                .isEqualTo(new Unmount(root.path(), MountFlags.UMOUNT_NOFOLLOW | MountFlags.MNT_DETACH));
        assertThat(mounts.calls()).hasSize(3);
    }

    @Test
    void aRootThatStaysMountedIsNotEmptied() {
        OverlayRoot root = mount(List.of(low));
        mounts.failNext(Errno.EPERM);
        refused(root::close, ErrorKind.PRECONDITION, "umount -l");
        assertThat(scratch.resolve("upper")).exists();
    }

    @Test
    void aScratchInUseIsRefused() {
        mount(List.of(low));
        refused(() -> mount(List.of(low)), ErrorKind.PRECONDITION, "empty directory");
    }

    private static void refused(ThrowingCallable call, ErrorKind kind, String words) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(words);
    }
}
