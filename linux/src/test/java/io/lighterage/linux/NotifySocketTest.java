package io.lighterage.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Against a receiver in Python, which is what takes a service manager's place.
class NotifySocketTest {
    /// Prints "bound", then each message as one line, and behind it what the descriptors it came with hold.
    private static final String RECEIVER = """
            import array, os, socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.bind(sys.argv[1].replace("@", "\\0", 1))
            print("bound", flush=True)
            for _ in range(int(sys.argv[2])):
                message, control, flags, sender = s.recvmsg(4096, socket.CMSG_SPACE(4 * 253))
                held = []
                for level, kind, data in control:
                    if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                        for fd in array.array("i", data):
                            os.lseek(fd, 0, 0)
                            held.append(os.read(fd, 100).decode())
                            os.close(fd)
                print(message.decode().replace("\\n", ";"), *held, flush=True)
            """;

    @TempDir
    Path folder;

    private final FileCalls calls = new NativeFileCalls();

    private Process receive(String address, int messages) throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "needs python3; ./verify installs it");
        return new ProcessBuilder("/usr/bin/python3", "-c", RECEIVER, address, Integer.toString(messages))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private int open(String name, String content) throws IOException {
        Path file = Files.writeString(folder.resolve(name), content);
        int descriptor = calls.openat2(Flags.AT_FDCWD, Descriptors.bytes(file), Flags.O_RDONLY | Flags.O_CLOEXEC, 0, 0);
        assertThat(descriptor).isNotNegative();
        return descriptor;
    }

    @ParameterizedTest
    @ValueSource(strings = {"path", "abstract"})
    void messagesArriveOneByOne(String kind) throws Exception {
        String path = folder.resolve("notify").toString();
        String address = kind.equals("path") ? path : "@lighterage" + path;
        Process receiver = receive(address, 2);
        try (BufferedReader lines = receiver.inputReader(UTF_8)) {
            assertThat(lines.readLine()).isEqualTo("bound");
            NotifySocket socket = new NotifySocket(address);
            socket.send("READY=1\nSTATUS=sérving");
            socket.send("STOPPING=1");
            assertThat(lines.readLine()).isEqualTo("READY=1;STATUS=sérving");
            assertThat(lines.readLine()).isEqualTo("STOPPING=1");
        } finally {
            receiver.destroyForcibly();
        }
    }

    @Test
    void descriptorsArriveOpenAndStayOpenHere() throws Exception {
        String address = folder.resolve("notify").toString();
        Process receiver = receive(address, 2);
        int one = open("one", "first");
        int two = open("two", "second");
        try (BufferedReader lines = receiver.inputReader(UTF_8)) {
            assertThat(lines.readLine()).isEqualTo("bound");
            NotifySocket socket = new NotifySocket(address);
            socket.store("fuse-7", List.of(one, two));
            assertThat(lines.readLine()).isEqualTo("FDSTORE=1;FDNAME=fuse-7 first second");
            socket.store("fuse-8", List.of(two));
            assertThat(lines.readLine()).isEqualTo("FDSTORE=1;FDNAME=fuse-8 second");
        } finally {
            receiver.destroyForcibly();
            assertThat(calls.close(one)).isZero();
            assertThat(calls.close(two)).isZero();
        }
    }

    @Test
    void sendingLeavesNoDescriptorBehind() throws Exception {
        NotifySocket nobody = new NotifySocket(folder.resolve("nobody").toString());
        assertThatThrownBy(() -> nobody.send("READY=1")).isInstanceOf(ErrnoException.class);
        long before = openDescriptors();
        for (int i = 0; i < 50; i++) {
            assertThatThrownBy(() -> nobody.send("READY=1"))
                    .isInstanceOfSatisfying(
                            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                    .hasMessageContaining(nobody.address());
        }
        assertThat(openDescriptors()).isLessThan(before + 50);
    }

    private static long openDescriptors() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "@", "relative/path", "vsock:2:1234", "/with\0nul"})
    void whatIsNoAddressIsRefused(String address) {
        assertThatThrownBy(() -> new NotifySocket(address)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anAddressMayFillTheStructureAndNoMore() {
        assertThat(new NotifySocket("/" + "a".repeat(106)).address()).hasSize(107);
        assertThatThrownBy(() -> new NotifySocket("/" + "a".repeat(107)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("108 bytes");
    }

    @Test
    void onlyWhatOneMessageCarriesIsStored() {
        NotifySocket socket = new NotifySocket("@nobody");
        assertThatThrownBy(() -> socket.store("a:b", List.of(0))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> socket.store("", List.of(0))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> socket.store("name", List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> socket.store("name", java.util.Collections.nCopies(254, 0)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> socket.store("name", List.of(1 << 20)))
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isIn(Errno.EBADF, Errno.ECONNREFUSED));
    }
}
