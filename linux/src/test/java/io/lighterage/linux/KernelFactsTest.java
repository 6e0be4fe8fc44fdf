package io.lighterage.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.linux.KernelFacts.Support;
import io.lighterage.linux.KernelFacts.UserNamespaces;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelFactsTest {
    @TempDir
    Path directory;

    @Test
    void theFactsOfThisMachineAreRead() throws IOException {
        KernelFacts facts = KernelFacts.read();
        assertThat(facts.release()).isEqualTo(System.getProperty("os.version"));
        assertThat(facts.atLeast(4, 0)).isTrue();
        assertThat(facts.atLeast(1000, 0)).isFalse();
        assertThat(facts.openat2()).isTrue();
        Object uid = Files.getAttribute(Files.createFile(directory.resolve("mine")), "unix:uid");
        assertThat(facts.credentials().uid()).isEqualTo(uid);
        assertThat(facts.credentials().isRoot()).isEqualTo(facts.credentials().uid() == 0);
    }

    @Test
    void releasesAreTakenApart() {
        assertThat(KernelFacts.version("6.12.30+deb13-amd64", 1)).isEqualTo(6);
        assertThat(KernelFacts.version("6.12.30+deb13-amd64", 2)).isEqualTo(12);
        assertThat(KernelFacts.version("6.18-rc1", 2)).isEqualTo(18);
        assertThat(KernelFacts.version("strange", 1)).isZero();
        assertThat(KernelFacts.version("", 2)).isZero();
    }

    @Test
    void aFileSystemIsReadyAModuleOrAbsent() {
        String known = "nodev\tsysfs\nnodev\toverlay\n\text4\n\tfuseblk\n";
        String modules = "kernel/fs/erofs/erofs.ko.xz: kernel/lib/lz4/lz4.ko.xz\nkernel/fs/xfs/xfs.ko: a\n";
        assertThat(KernelFacts.support("overlay", known, modules)).isEqualTo(Support.READY);
        assertThat(KernelFacts.support("ext4", known, modules)).isEqualTo(Support.READY);
        assertThat(KernelFacts.support("erofs", known, modules)).isEqualTo(Support.MODULE);
        assertThat(KernelFacts.support("xfs", known, modules)).isEqualTo(Support.MODULE);
        assertThat(KernelFacts.support("fuse", known, modules)).isEqualTo(Support.ABSENT);
        assertThat(KernelFacts.support("fuse", "", "")).isEqualTo(Support.ABSENT);
    }

    @Test
    void userNamespacesHaveThreeLocks() {
        assertThat(KernelFacts.userNamespaces("15000\n", "", "")).isEqualTo(UserNamespaces.EVERYBODY);
        assertThat(KernelFacts.userNamespaces("15000\n", "1\n", "0\n")).isEqualTo(UserNamespaces.EVERYBODY);
        assertThat(KernelFacts.userNamespaces("15000\n", "0\n", "")).isEqualTo(UserNamespaces.ROOT_ONLY);
        assertThat(KernelFacts.userNamespaces("15000\n", "", "1\n")).isEqualTo(UserNamespaces.ROOT_ONLY);
        assertThat(KernelFacts.userNamespaces("0\n", "1\n", "")).isEqualTo(UserNamespaces.NOBODY);
        assertThat(KernelFacts.userNamespaces("", "", "")).isEqualTo(UserNamespaces.NOBODY);
    }

    @Test
    void capabilitiesAreReadFromTheStatusFile() {
        long some = Credentials.capabilitiesOf("Name:\tjava\nCapPrm:\tffff\nCapEff:\t0000000000200001\n");
        var credentials = new Credentials(1000, 1000, some);
        assertThat(credentials.has(Credentials.CAP_SYS_ADMIN)).isTrue();
        assertThat(credentials.has(Credentials.CAP_CHOWN)).isTrue();
        assertThat(credentials.has(Credentials.CAP_MKNOD)).isFalse();
        assertThat(Credentials.capabilitiesOf("CapEff:\tffffffffffffffff\n")).isEqualTo(-1);
        assertThat(Credentials.capabilitiesOf("")).isZero();
    }

    @Test
    void theFileSystemUnderAPathIsMeasured() throws IOException {
        FileSystemFacts facts = FileSystemFacts.read(directory);
        var store = Files.getFileStore(directory);
        assertThat(facts.totalBytes()).isEqualTo(store.getTotalSpace());
        assertThat(facts.freeBytes()).isBetween(1L, facts.totalBytes());
        assertThat(directory).isEmptyDirectory();
        assertThatThrownBy(() -> FileSystemFacts.read(directory.resolve("missing")))
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining("ENOENT");
    }

    @Test
    void errorNumbersHaveNames() {
        assertThat(Errno.name(2)).isEqualTo("ENOENT");
        assertThat(Errno.name(-28)).isEqualTo("ENOSPC");
        assertThat(Errno.name(4000)).isEqualTo("errno 4000");
        var bare = new ErrnoException(Errno.EIO, "fsync", "");
        assertThat(bare).hasMessage("fsync failed: EIO");
        assertThat(bare.call()).isEqualTo("fsync");
        assertThat(bare.path()).isEmpty();
    }

    @Test
    void onlyKnownMachinesAreCalled() {
        assertThat(CallNumbers.isArm("Linux", "aarch64")).isTrue();
        assertThat(CallNumbers.isArm("Linux", "amd64")).isFalse();
        assertThatThrownBy(() -> CallNumbers.isArm("Linux", "riscv64"))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("riscv64");
        assertThatThrownBy(() -> CallNumbers.isArm("Mac OS X", "aarch64"))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void namesArePrintedSoThatTheyCanBeRead() {
        assertThat(Descriptors.printable("naïve name".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo("naïve name");
        assertThat(Descriptors.printable(new byte[] {'a', '\n', (byte) 0xff})).isEqualTo("a\\x0a\\xff");
    }

    @Test
    void pathsBecomeTheBytesTheKernelKnows() {
        assertThat(Descriptors.bytes(Path.of("/")))
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("/");
        assertThat(Descriptors.bytes(Path.of("/a b/100%/c")))
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("/a b/100%/c");
        byte[] path = Descriptors.bytes(directory);
        assertThat(path).asString(StandardCharsets.UTF_8).isEqualTo(directory.toString());
    }

    @Test
    void aFileIsNotADirectory() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> Descriptors.openDirectory(new NativeFileCalls(), file))
                .isInstanceOfSatisfying(ErrnoException.class, e -> {
                    assertThat(e.errno()).isEqualTo(Errno.ENOTDIR);
                    assertThat(e).hasMessageContaining("file' failed: ENOTDIR");
                });
    }
}
