package io.lighterage.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeFileCallsTest {
    private static final int NEW_FILE = Flags.O_WRONLY | Flags.O_CREAT | Flags.O_EXCL | Flags.O_CLOEXEC;

    private final FileCalls calls = new NativeFileCalls();

    @TempDir
    Path directory;

    private int root;

    @BeforeEach
    void openRoot() {
        root = Descriptors.openDirectory(calls, directory);
    }

    @AfterEach
    void closeRoot() {
        assertThat(calls.close(root)).isZero();
    }

    @Test
    void writtenBytesAreInTheFile() throws IOException {
        int file = create("a");
        assertThat(calls.write(file, direct("hello "))).isEqualTo(6);
        ByteBuffer world = direct("world");
        assertThat(calls.write(file, world)).isEqualTo(5);
        assertThat(world.hasRemaining()).isFalse();
        assertThat(calls.pwrite(file, direct("J"), 0)).isEqualTo(1);
        assertThat(calls.fsync(file)).isZero();
        assertThat(calls.syncfs(file)).isZero();
        calls.close(file);
        assertThat(directory.resolve("a")).hasContent("Jello world");
    }

    @Test
    void onlyTheRemainingBytesOfABufferAreWritten() throws IOException {
        int file = create("a");
        ByteBuffer buffer = direct("0123456789").position(3).limit(7);
        assertThat(calls.write(file, buffer.slice())).isEqualTo(4);
        assertThat(calls.write(file, buffer)).isEqualTo(4);
        assertThat(calls.write(file, buffer)).isZero();
        calls.close(file);
        assertThat(directory.resolve("a")).hasContent("34563456");
    }

    @Test
    void heapBuffersAreRefused() {
        ByteBuffer heap = ByteBuffer.wrap(new byte[1]);
        assertThatThrownBy(() -> calls.write(1, heap)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void failuresAreNegatedErrorNumbers() {
        assertThat(open("missing", Flags.O_RDONLY, 0)).isEqualTo(-Errno.ENOENT);
        assertThat(calls.mkdirat(root, name("d"), 0755)).isZero();
        assertThat(calls.mkdirat(root, name("d"), 0755)).isEqualTo(-Errno.EEXIST);
        assertThat(calls.unlinkat(root, name("d"), 0)).isEqualTo(-Errno.EISDIR);
        assertThat(calls.unlinkat(root, name("d"), Flags.AT_REMOVEDIR)).isZero();
        assertThat(calls.close(-1)).isEqualTo(-Errno.EBADF);
        assertThat(calls.write(-1, direct("x"))).isEqualTo(-Errno.EBADF);
        assertThat(calls.mkdirat(root, "n".repeat(300).getBytes(UTF_8), 0755)).isEqualTo(-Errno.ENAMETOOLONG);
        assertThat(calls.mkdirat(root, "n/".repeat(9000).getBytes(UTF_8), 0755)).isEqualTo(-Errno.ENAMETOOLONG);
    }

    @Test
    void statxTellsWhatWasSet() {
        int file = create("a");
        calls.ftruncate(file, 5000);
        calls.fchmod(file, 04751);
        assertThat(calls.futimens(file, 1, 2, 1_700_000_000L, 123_456_789)).isZero();
        calls.close(file);
        FileStatus status = status("a");
        assertThat(status.isRegular()).isTrue();
        assertThat(status.mode()).isEqualTo(Flags.S_IFREG | 04751);
        assertThat(status.size()).isEqualTo(5000);
        assertThat(status.links()).isEqualTo(1);
        assertThat(status.modifySeconds()).isEqualTo(1_700_000_000L);
        assertThat(status.modifyNanos()).isEqualTo(123_456_789);
        assertThat(calls.statx(root, name("missing"))).isNull();
        assertThat(Objects.requireNonNull(calls.statx(root, new byte[0])).isDirectory())
                .isTrue();
    }

    @Test
    void entriesOfADirectoryAreListedWithoutDots() {
        for (String name : List.of("a", "b", "c")) {
            calls.close(create(name));
        }
        assertThat(calls.list(root).stream().map(n -> new String(n, UTF_8))).containsExactlyInAnyOrder("a", "b", "c");
    }

    @Test
    void aLongDirectoryIsListedWhole() {
        for (int i = 0; i < 700; i++) {
            calls.close(create("a rather long name for a file, so that several reads are needed " + i));
        }
        assertThat(calls.list(root)).hasSize(700);
        int path = calls.openat2(root, name("."), Flags.O_PATH | Flags.O_CLOEXEC, 0, 0);
        assertThat(calls.list(path)).as("through O_PATH").hasSize(700);
        calls.close(path);
    }

    @Test
    void namesNeedNotBeUtf8() throws IOException {
        byte[] odd = {'a', (byte) 0xff, (byte) 0xfe, '\n', (byte) 0xc3, '%', '?'};
        Descriptors.check(calls.mkdirat(root, odd, 0755), "mkdirat", odd);
        assertThat(calls.list(root)).containsExactly(odd);
        assertThat(Objects.requireNonNull(calls.statx(root, odd)).isDirectory()).isTrue();
        try (var paths = Files.list(directory)) {
            byte[] bytes = Descriptors.bytes(paths.findFirst().orElseThrow());
            assertThat(Arrays.copyOfRange(bytes, bytes.length - odd.length, bytes.length))
                    .isEqualTo(odd);
        }
        assertThat(calls.unlinkat(root, odd, Flags.AT_REMOVEDIR)).isZero();
    }

    @Test
    void namesWithNulAreRefusedBeforeAnyCall() {
        byte[] nul = {'a', 0, 'b'};
        byte[] good = name("good");
        List<ThrowingCallable> all = List.of(
                () -> calls.openat2(root, nul, NEW_FILE, 0644, 0),
                () -> calls.mkdirat(root, nul, 0755),
                () -> calls.mknodat(root, nul, Flags.S_IFIFO, 0, 0),
                () -> calls.symlinkat(nul, root, good),
                () -> calls.symlinkat(good, root, nul),
                () -> calls.linkat(root, nul, root, good),
                () -> calls.linkat(root, good, root, nul),
                () -> calls.renameat(root, good, root, nul),
                () -> calls.unlinkat(root, nul, 0),
                () -> calls.setxattrat(root, nul, name("user.a"), nul),
                () -> calls.setxattrat(root, good, nul, nul),
                () -> calls.statx(root, nul));
        assertThat(all)
                .allSatisfy(call -> assertThatThrownBy(call)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("a\\x00b"));
        assertThat(calls.list(root)).isEmpty();
    }

    @Test
    void symlinksAndDotsCannotLeaveTheRoot() throws IOException {
        Path secret = Files.writeString(directory.resolve("secret"), "outside");
        calls.mkdirat(root, name("in"), 0755);
        int inside = open("in", Flags.O_PATH | Flags.O_DIRECTORY | Flags.O_CLOEXEC, 0);
        calls.symlinkat(Descriptors.bytes(secret), inside, name("absolute"));
        calls.symlinkat(name("../secret"), inside, name("relative"));
        calls.symlinkat(name(".."), inside, name("up"));
        calls.symlinkat(name("/proc/self/cwd"), inside, name("magic"));
        for (String way : List.of("absolute", "relative", "up/secret", "../secret", "up/../../secret", "magic")) {
            int found = calls.openat2(inside, name(way), Flags.O_RDONLY | Flags.O_CLOEXEC, 0, Flags.RESOLVE_IN_ROOT);
            assertThat(found).as(way).isEqualTo(-Errno.ENOENT);
            int beneath = calls.openat2(inside, name(way), Flags.O_RDONLY, 0, Flags.RESOLVE_BENEATH);
            assertThat(beneath).as(way).isEqualTo(-Errno.EXDEV);
        }
        int made = calls.openat2(inside, name("relative"), Flags.O_WRONLY | Flags.O_CREAT, 0600, Flags.RESOLVE_IN_ROOT);
        assertThat(calls.write(made, direct("mine"))).isEqualTo(4);
        calls.close(made);
        assertThat(secret).hasContent("outside");
        assertThat(directory.resolve("in/secret")).hasContent("mine");
        int link = calls.openat2(inside, name("up"), Flags.O_RDONLY, 0, Flags.RESOLVE_NO_SYMLINKS);
        assertThat(link).isEqualTo(-Errno.ELOOP);
        calls.close(inside);
    }

    @Test
    void linksAndRenamesDoNotFollowTheLastSymlink() {
        calls.close(create("file"));
        calls.symlinkat(name("file"), root, name("link"));
        assertThat(new String(calls.readlinkat(root, name("link")), UTF_8)).isEqualTo("file");
        assertThat(calls.linkat(root, name("file"), root, name("hard"))).isZero();
        assertThat(status("hard").links()).isEqualTo(2);
        assertThat(status("hard").inode()).isEqualTo(status("file").inode());
        assertThat(calls.linkat(root, name("link"), root, name("hard link of link")))
                .isZero();
        assertThat(status("hard link of link").isSymlink()).isTrue();
        assertThat(calls.renameat(root, name("link"), root, name("hard"))).isZero();
        assertThat(status("hard").isSymlink()).isTrue();
        assertThat(status("file").links()).isEqualTo(1);
        assertThatThrownBy(() -> calls.readlinkat(root, name("file")))
                .isInstanceOfSatisfying(ErrnoException.class, e -> {
                    assertThat(e.errno()).isEqualTo(Errno.EINVAL);
                    assertThat(e).hasMessage("readlinkat of 'file' failed: EINVAL");
                });
    }

    @Test
    void aTargetAsLongAsTheKernelTakesComesBack() {
        byte[] target = "t".repeat(4095).getBytes(UTF_8);
        assertThat(calls.symlinkat(target, root, name("long"))).isZero();
        assertThat(calls.readlinkat(root, name("long"))).isEqualTo(target);
        assertThat(calls.symlinkat("t".repeat(4096).getBytes(UTF_8), root, name("longer")))
                .isEqualTo(-Errno.ENAMETOOLONG);
    }

    @Test
    void manyThreadsDoNotShareTheirArguments() throws InterruptedException {
        var faults = new ConcurrentLinkedQueue<String>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 64; t++) {
            String prefix = "thread " + t + "-";
            threads.add(Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 20; i++) {
                    int made = calls.mkdirat(root, name(prefix + i), 0755);
                    if (made != 0 || calls.statx(root, name(prefix + i)) == null) {
                        faults.add(prefix + i + " " + Errno.name(made));
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(faults).isEmpty();
        assertThat(calls.list(root)).hasSize(64 * 20);
    }

    @Test
    void noDescriptorIsLeft() throws IOException {
        useEverything(0);
        long before = descriptors();
        for (int i = 1; i < 50; i++) {
            useEverything(i);
        }
        assertThat(descriptors()).isEqualTo(before);
    }

    private void useEverything(int i) {
        calls.close(create("f" + i));
        open("f" + i, NEW_FILE, 0644);
        open("missing", Flags.O_RDONLY, 0);
        calls.list(root);
        calls.statx(root, name("f" + i));
        calls.listxattrat(root, name("f" + i));
        calls.getxattrat(root, name("f" + i), name("user.none"));
        KernelFacts.read();
        FileSystemFacts.read(directory);
    }

    private static long descriptors() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    private int create(String name) {
        int file = open(name, NEW_FILE, 0644);
        Descriptors.check(file, "openat2", name);
        return file;
    }

    private int open(String name, int flags, int mode) {
        return calls.openat2(root, name(name), flags, mode, Flags.RESOLVE_IN_ROOT);
    }

    private FileStatus status(String name) {
        return Objects.requireNonNull(calls.statx(root, name(name)));
    }

    private static byte[] name(String name) {
        return name.getBytes(UTF_8);
    }

    private static ByteBuffer direct(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }
}
