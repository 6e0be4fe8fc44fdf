package io.lighterage.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLoopCallsTest {
    private final LoopCalls loops = new NativeLoopCalls();
    private final FileCalls calls = new NativeFileCalls();

    @TempDir
    Path directory;

    private int open(Path path) {
        return calls.openat2(Flags.AT_FDCWD, Descriptors.bytes(path), Flags.O_RDONLY | Flags.O_CLOEXEC, 0, 0);
    }

    @Test
    void aDeviceShowsTheFileUntilItIsClosed() throws IOException {
        assumeTrue(Credentials.effectiveUid() == 0, "needs root for loop devices");
        Path file = Files.writeString(directory.resolve("file"), "shown".repeat(1000));
        int descriptor = open(file);
        int number = -1;
        int device = -Errno.EBUSY;
        for (int tries = 0; tries < 16 && device == -Errno.EBUSY; tries++) { // others may be faster
            number = loops.free();
            assumeTrue(number >= 0, "loop devices are refused here: " + Errno.name(number));
            device = loops.attach(number, descriptor);
        }
        assertThat(device).isNotNegative();
        assertThat(loops.attach(number, descriptor)).isEqualTo(-Errno.EBUSY);
        assertThat(calls.close(descriptor)).isZero();
        Path backing = Path.of("/sys/block/loop" + number + "/loop/backing_file");
        assertThat(Files.readString(backing).trim()).isEqualTo(file.toString());
        assertThat(Files.readString(Path.of("/sys/block/loop" + number + "/ro")).trim())
                .isEqualTo("1");
        try (var in = Files.newInputStream(Path.of("/dev/loop" + number))) {
            assertThat(new String(in.readNBytes(10), UTF_8)).isEqualTo("shownshown");
        }
        assertThat(calls.close(device)).isZero();
        assertThat(backing).doesNotExist();
    }

    @Test
    void failuresAreNegatedErrorNumbers() {
        assertThat(loops.attach(1 << 20, -1)).isEqualTo(-Errno.ENOENT);
        assumeTrue(Credentials.effectiveUid() == 0, "needs root for loop devices");
        int number = loops.free();
        assumeTrue(number >= 0, "loop devices are refused here: " + Errno.name(number));
        assertThat(loops.attach(number, -1)).isEqualTo(-Errno.EBADF);
    }
}
