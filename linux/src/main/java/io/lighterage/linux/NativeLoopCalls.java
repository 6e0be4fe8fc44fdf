package io.lighterage.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.lang.foreign.MemorySegment;

/// [LoopCalls] as the running kernel answers them. Stateless.
///
/// `struct loop_config` (`linux/loop.h`), 304 bytes; what is not named is zero:
///
/// | offset | length | field |
/// |---|---|---|
/// | 0 | 4 | descriptor of the file |
/// | 60 | 4 | flags: 1 read-only, 4 goes away after the last close |
public final class NativeLoopCalls implements LoopCalls {
    private static final byte[] CONTROL = "/dev/loop-control".getBytes(US_ASCII);
    private static final long GET_FREE = 0x4C82;
    private static final long CONFIGURE = 0x4C0A;
    private static final int CONFIG_BYTES = 304;
    private static final int CONFIG_FLAGS = 60;
    private static final int READ_ONLY = 1;
    private static final int AUTOCLEAR = 4;

    private final FileCalls calls = new NativeFileCalls();

    @Override
    public int free() {
        int control = calls.openat2(Flags.AT_FDCWD, CONTROL, Flags.O_RDWR | Flags.O_CLOEXEC, 0, 0);
        if (control < 0) {
            return control;
        }
        int number = (int) Kernel.call(Scratch.ofThread(), CallNumbers.IOCTL, control, GET_FREE);
        int ignored = calls.close(control);
        return number;
    }

    @Override
    public int attach(int number, int file) {
        byte[] name = ("/dev/loop" + number).getBytes(US_ASCII);
        int device = calls.openat2(Flags.AT_FDCWD, name, Flags.O_RDONLY | Flags.O_CLOEXEC, 0, 0);
        if (device < 0) {
            return device;
        }
        Scratch s = Scratch.ofThread();
        MemorySegment config =
                s.bulk.room(CONFIG_BYTES).asSlice(0, CONFIG_BYTES).fill((byte) 0);
        config.set(JAVA_INT, 0, file);
        config.set(JAVA_INT, CONFIG_FLAGS, READ_ONLY | AUTOCLEAR);
        int result = (int) Kernel.call(s, CallNumbers.IOCTL, device, CONFIGURE, config.address());
        if (result < 0) {
            int ignored = calls.close(device);
            return result;
        }
        return device;
    }
}
