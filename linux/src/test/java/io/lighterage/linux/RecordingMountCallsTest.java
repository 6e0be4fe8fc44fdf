package io.lighterage.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RecordingMountCallsTest {
    private static final Path TARGET = Path.of("/mnt/a");

    private final RecordingMountCalls mounts = new RecordingMountCalls();

    @Test
    void whatIsMountedIsOnTheTableUntilItIsUnmounted() {
        assertThat(mounts.mount("tmp", TARGET, "tmpfs", 0, "")).isZero();
        assertThat(mounts.mount("overlay", TARGET, "overlay", 0, "lowerdir=/x")).isZero();
        assertThat(mounts.mounts()).hasSize(2);
        assertThat(mounts.magic(TARGET.resolve("deep/down"))).isEqualTo(MountFlags.OVERLAYFS_SUPER_MAGIC);
        assertThat(mounts.umount2(TARGET, 0)).isZero();
        assertThat(mounts.magic(TARGET)).isEqualTo(MountFlags.TMPFS_MAGIC);
        assertThat(mounts.umount2(TARGET, 0)).isZero();
        assertThat(mounts.umount2(TARGET, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(mounts.magic(TARGET)).isZero();
        assertThat(mounts.calls()).hasSize(5);
    }

    @Test
    void failuresComeInTheOrderTheyWereOrdered() {
        mounts.failNext(Errno.EBUSY);
        mounts.failNext(Errno.EPERM);
        assertThat(mounts.mount("tmp", TARGET, "tmpfs", 0, "")).isEqualTo(-Errno.EBUSY);
        assertThat(mounts.umount2(TARGET, 0)).isEqualTo(-Errno.EPERM);
        assertThat(mounts.mount("tmp", TARGET, "tmpfs", 0, "")).isZero();
        assertThat(mounts.calls()).first().isEqualTo(new RecordingMountCalls.Mount("tmp", TARGET, "tmpfs", 0, ""));
        assertThat(mounts.mounts()).hasSize(1);
    }

    @Test
    void longOptionsAreRefusedAsTheRealOneDoes() {
        String tooLong = "a".repeat(MountCalls.MAX_OPTIONS + 1);
        assertThat(mounts.mount("x", TARGET, "overlay", 0, tooLong)).isEqualTo(-Errno.E2BIG);
        assertThat(mounts.mounts()).isEmpty();
    }

    @Test
    void aRemountAddsNothingToTheTable() {
        mounts.mount("x", TARGET, "overlay", 0, "");
        assertThat(mounts.mount("", TARGET, "", MountFlags.MS_REMOUNT | MountFlags.MS_RDONLY, ""))
                .isZero();
        assertThat(mounts.mounts()).hasSize(1);
    }
}
