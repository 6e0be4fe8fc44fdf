package io.lighterage.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileAttributesTest {
    private final FileCalls calls = new NativeFileCalls();

    @TempDir
    Path directory;

    private int root;
    private int file;

    @BeforeEach
    void openRootAndFile() {
        root = Descriptors.openDirectory(calls, directory);
        int flags = Flags.O_RDWR | Flags.O_CREAT | Flags.O_EXCL | Flags.O_CLOEXEC;
        file = calls.openat2(root, name("file"), flags, 0644, Flags.RESOLVE_IN_ROOT);
        calls.symlinkat(name("file"), root, name("link"));
        calls.mkdirat(root, name("dir"), 0755);
    }

    @AfterEach
    void closeAll() {
        assertThat(calls.close(file)).isZero();
        assertThat(calls.close(root)).isZero();
    }

    @Test
    void timesKeepTheirNanosecondsAlsoBefore1970() {
        assertThat(calls.futimens(file, 0, 0, -1, 999_999_999)).isZero();
        assertThat(status("file").modifySeconds()).isEqualTo(-1);
        assertThat(status("file").modifyNanos()).isEqualTo(999_999_999);
        assertThat(calls.utimensat(root, name("dir"), 5, 6, -2_000_000_000L, 7)).isZero();
        assertThat(status("dir").modifySeconds()).isEqualTo(-2_000_000_000L);
        assertThat(status("dir").modifyNanos()).isEqualTo(7);
        assertThat(calls.futimens(file, 1, 0, 5_000_000_000L, 1)).isZero();
        assertThat(status("file").modifySeconds()).isEqualTo(5_000_000_000L);
    }

    @Test
    void aSymlinkHasTimesOfItsOwn() {
        calls.futimens(file, 1, 1, 1, 1);
        assertThat(calls.utimensat(root, name("link"), 2, 2, 77, 88)).isZero();
        assertThat(status("link").modifySeconds()).isEqualTo(77);
        assertThat(status("link").modifyNanos()).isEqualTo(88);
        assertThat(status("file").modifySeconds()).isEqualTo(1);
    }

    @Test
    void nanosecondsThatMeanNowAreRefused() {
        int now = 0x3fffffff;
        assertThatThrownBy(() -> calls.futimens(file, 0, 0, 0, now)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> calls.utimensat(root, name("file"), 0, -1, 0, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void modesAreSetByNameAndByDescriptor() {
        assertThat(calls.fchmodat(root, name("dir"), 01777)).isZero();
        assertThat(status("dir").mode() & 07777).isEqualTo(01777);
        assertThat(calls.fchmod(file, 0)).isZero();
        assertThat(status("file").mode() & 07777).isZero();
    }

    @Test
    void ownersAreSetUpToTheLargestId() {
        assumeRoot();
        assertThat(calls.fchown(file, 12, 34)).isZero();
        assertThat(status("file").uid()).isEqualTo(12);
        assertThat(status("file").gid()).isEqualTo(34);
        int largest = (int) 4_294_967_294L;
        assertThat(calls.fchownat(root, name("link"), largest, 5, Flags.AT_SYMLINK_NOFOLLOW))
                .isZero();
        assertThat(Integer.toUnsignedLong(status("link").uid())).isEqualTo(4_294_967_294L);
        assertThat(status("file").uid()).isEqualTo(12);
        assertThat(calls.fchownat(root, name("file"), -1, 99, Flags.AT_SYMLINK_NOFOLLOW))
                .isZero();
        assertThat(status("file").uid()).as("-1 leaves it").isEqualTo(12);
        assertThat(status("file").gid()).isEqualTo(99);
    }

    @Test
    void deviceNodesHaveTheNumbersTheyWereMadeWith() {
        assumeRoot();
        int[][] numbers = {{1, 3}, {8, 0}, {259, 300}, {4095, 1_048_575}, {0, 0}};
        for (int[] pair : numbers) {
            byte[] name = name("dev" + pair[0] + "-" + pair[1]);
            int made = calls.mknodat(root, name, Flags.S_IFCHR | 0600, pair[0], pair[1]);
            Descriptors.check(made, "mknodat", name);
            FileStatus status = Objects.requireNonNull(calls.statx(root, name));
            assertThat(status.mode() & Flags.S_IFMT).isEqualTo(Flags.S_IFCHR);
            assertThat(status.targetMajor()).isEqualTo(pair[0]);
            assertThat(status.targetMinor()).isEqualTo(pair[1]);
        }
        assertThat(calls.mknodat(root, name("block"), Flags.S_IFBLK | 0600, 7, 1))
                .isZero();
        assertThat(status("block").mode() & Flags.S_IFMT).isEqualTo(Flags.S_IFBLK);
    }

    @Test
    void deviceNumbersTheKernelWouldCutOffAreRefused() {
        assertThat(calls.mknodat(root, name("d"), Flags.S_IFCHR, 4096, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(calls.mknodat(root, name("d"), Flags.S_IFCHR, 0, 1 << 20)).isEqualTo(-Errno.EINVAL);
        assertThat(calls.mknodat(root, name("d"), Flags.S_IFCHR, -1, 0)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void fifosNeedNoRoot() {
        assertThat(calls.mknodat(root, name("fifo"), Flags.S_IFIFO | 0644, 0, 0))
                .isZero();
        assertThat(status("fifo").mode() & Flags.S_IFMT).isEqualTo(Flags.S_IFIFO);
    }

    @Test
    void attributesAreSetByNameAndByDescriptor() {
        assumeXattrs(FileSystemFacts.read(directory).userXattrs());
        byte[] binary = {0, 1, (byte) 0xff};
        assertThat(calls.fsetxattr(file, name("user.one"), binary)).isZero();
        assertThat(calls.setxattrat(root, name("file"), name("user.two"), new byte[0]))
                .isZero();
        assertThat(calls.setxattrat(root, name("dir"), name("user.dir"), binary))
                .isZero();
        assertThat(calls.setxattrat(root, new byte[0], name("user.root"), binary))
                .isZero();
        assertThat(calls.getxattrat(root, name("file"), name("user.one"))).isEqualTo(binary);
        assertThat(calls.getxattrat(root, name("file"), name("user.two"))).isEmpty();
        assertThat(calls.getxattrat(root, name("file"), name("user.three"))).isNull();
        assertThat(calls.getxattrat(root, name("."), name("user.root"))).isEqualTo(binary);
        assertThat(calls.listxattrat(root, name("file")).stream().map(n -> new String(n, UTF_8)))
                .contains("user.one", "user.two");
        assertThat(calls.setxattrat(root, name("missing"), name("user.a"), binary))
                .isEqualTo(-Errno.ENOENT);
        assertThat(calls.setxattrat(root, name("file"), name("nonsense"), binary))
                .isEqualTo(-Errno.EOPNOTSUPP);
        assertThatThrownBy(() -> calls.listxattrat(root, name("missing"))).isInstanceOf(ErrnoException.class);
    }

    @Test
    void anAttributeOnASymlinkIsNotSetOnItsTarget() {
        assumeXattrs(FileSystemFacts.read(directory).trustedXattrs());
        assertThat(calls.setxattrat(root, name("link"), name("user.a"), new byte[1]))
                .isEqualTo(-Errno.EPERM);
        assertThat(calls.setxattrat(root, name("link"), name("trusted.a"), new byte[] {7}))
                .isZero();
        assertThat(calls.getxattrat(root, name("link"), name("trusted.a"))).isEqualTo(new byte[] {7});
        assertThat(calls.getxattrat(root, name("file"), name("trusted.a"))).isNull();
        assertThat(calls.listxattrat(root, name("link")).stream().map(n -> new String(n, UTF_8)))
                .contains("trusted.a");
    }

    @Test
    void fileCapabilitiesComeBackAsTheyWereSet() {
        assumeRoot();
        byte[] capability = new byte[20];
        capability[3] = 2;
        capability[5] = 0x20;
        int set = calls.setxattrat(root, name("file"), name("security.capability"), capability);
        assumeTrue(set != -Errno.EOPNOTSUPP, "this file system has no security.capability");
        assertThat(set).isZero();
        assertThat(calls.getxattrat(root, name("file"), name("security.capability")))
                .isEqualTo(capability);
    }

    private static void assumeRoot() {
        assumeTrue(Credentials.effectiveUid() == 0, "needs root");
    }

    private static void assumeXattrs(FileSystemFacts.Attributes attributes) {
        assumeTrue(
                attributes == FileSystemFacts.Attributes.SUPPORTED,
                "the temporary directory takes no such attributes: " + attributes);
    }

    private FileStatus status(String name) {
        return Objects.requireNonNull(calls.statx(root, name(name)));
    }

    private static byte[] name(String name) {
        return name.getBytes(UTF_8);
    }
}
