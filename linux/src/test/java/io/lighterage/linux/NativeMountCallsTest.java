package io.lighterage.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeMountCallsTest {
    private final MountCalls mounts = new NativeMountCalls();
    private final FileCalls calls = new NativeFileCalls();

    @TempDir
    Path directory;

    private Path small;

    @BeforeEach
    void mountASmallTmpfs() throws IOException {
        assumeTrue(Credentials.effectiveUid() == 0, "needs root to mount");
        small = Files.createDirectory(directory.resolve("small"));
        int mounted = mounts.mount("lighterage", small, "tmpfs", MountFlags.MS_NODEV, "size=256k,nr_inodes=40");
        assumeTrue(mounted == 0, "mount(2) is refused here: " + Errno.name(mounted));
    }

    @AfterEach
    void unmount() {
        if (small != null) {
            mounts.umount2(small, MountFlags.MNT_DETACH);
        }
    }

    @Test
    void aMountedFileSystemIsSeenAndGoesAway() {
        assertThat(mounts.magic(small)).isEqualTo(MountFlags.TMPFS_MAGIC);
        FileSystemFacts facts = FileSystemFacts.read(small);
        assertThat(facts.magic()).isEqualTo(MountFlags.TMPFS_MAGIC);
        assertThat(facts.totalBytes()).isEqualTo(256 << 10);
        assertThat(facts.totalInodes()).isEqualTo(40);
        assertThat(facts.freeInodes()).isLessThan(40);
        assertThat(facts.trustedXattrs()).isEqualTo(FileSystemFacts.Attributes.SUPPORTED);
        assertThat(mounts.umount2(small, MountFlags.UMOUNT_NOFOLLOW)).isZero();
        assertThat(mounts.umount2(small, MountFlags.UMOUNT_NOFOLLOW)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void aFullFileSystemAnswersEnospcAndTellsHowMuchWasWritten() {
        int root = Descriptors.openDirectory(calls, small);
        int flags = Flags.O_WRONLY | Flags.O_CREAT | Flags.O_CLOEXEC;
        int file = calls.openat2(root, "big".getBytes(UTF_8), flags, 0644, 0);
        ByteBuffer tooMuch = ByteBuffer.allocateDirect(1 << 20);
        assertThat(calls.write(file, tooMuch)).isEqualTo(-Errno.ENOSPC);
        FileStatus status = Objects.requireNonNull(calls.statx(file, new byte[0]));
        assertThat(status.size()).isEqualTo(tooMuch.position()).isBetween(100L << 10, 256L << 10);
        calls.close(file);
        calls.close(root);
    }

    @Test
    void runningOutOfInodesAnswersEnospc() {
        int root = Descriptors.openDirectory(calls, small);
        int result = 0;
        for (int i = 0; i < 50 && result == 0; i++) {
            result = calls.mkdirat(root, ("d" + i).getBytes(UTF_8), 0755);
        }
        assertThat(result).isEqualTo(-Errno.ENOSPC);
        calls.close(root);
    }

    @Test
    void anOverlayShowsItsLayers() throws IOException {
        assumeTrue(KernelFacts.read().overlay() != KernelFacts.Support.ABSENT, "this kernel has no overlayfs");
        for (String part : new String[] {"low", "high", "up", "work", "merged"}) {
            Files.createDirectory(small.resolve(part));
        }
        Files.writeString(small.resolve("low/a"), "low");
        Files.writeString(small.resolve("high/a"), "high");
        Files.writeString(small.resolve("low/b"), "low");
        String options = "lowerdir=%1$s/high:%1$s/low,upperdir=%1$s/up,workdir=%1$s/work".formatted(small);
        Path merged = small.resolve("merged");
        assertThat(mounts.mount("overlay", merged, "overlay", 0, options)).isZero();
        assertThat(mounts.magic(merged)).isEqualTo(MountFlags.OVERLAYFS_SUPER_MAGIC);
        assertThat(merged.resolve("a")).hasContent("high");
        assertThat(merged.resolve("b")).hasContent("low");
        assertThat(mounts.umount2(merged, 0)).isZero();
    }

    @Test
    void failuresAreNegatedErrorNumbers() {
        assertThat(mounts.mount("x", small, "nosuchfs", 0, "")).isEqualTo(-Errno.ENODEV);
        assertThat(mounts.mount("x", directory.resolve("missing"), "tmpfs", 0, ""))
                .isEqualTo(-Errno.ENOENT);
        assertThat(mounts.mount("x", small, "tmpfs", 0, "a".repeat(MountCalls.MAX_OPTIONS + 1)))
                .isEqualTo(-Errno.E2BIG);
        assertThat(mounts.magic(directory.resolve("missing"))).isEqualTo(-Errno.ENOENT);
    }

    @Test
    void aBindMountNeedsNoType() throws IOException {
        Path bound = Files.createDirectory(directory.resolve("bound"));
        assertThat(mounts.mount(small.toString(), bound, "", MountFlags.MS_BIND, ""))
                .isZero();
        assertThat(mounts.magic(bound)).isEqualTo(MountFlags.TMPFS_MAGIC);
        assertThat(mounts.umount2(bound, 0)).isZero();
    }
}
