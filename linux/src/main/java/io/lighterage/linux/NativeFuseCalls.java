package io.lighterage.linux;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// [FuseCalls] as the running kernel answers them. Stateless.
public final class NativeFuseCalls implements FuseCalls {
    private static final byte[] DEVICE = "/dev/fuse".getBytes(US_ASCII);

    // linux/mount.h
    private static final long FSOPEN_CLOEXEC = 1;
    private static final long FSMOUNT_CLOEXEC = 1;
    private static final long SET_STRING = 1;
    private static final long CREATE = 6;
    private static final long RDONLY_NOSUID_NODEV_NOEXEC = 1 | 2 | 4 | 8;

    private final FileCalls files = new NativeFileCalls();

    @Override
    public int open() {
        return files.openat2(Flags.AT_FDCWD, DEVICE, Flags.O_RDWR | Flags.O_CLOEXEC, 0, 0);
    }

    @Override
    public int mountNowhere(int connection, String source, int maxRead) {
        Scratch s = Scratch.ofThread();
        int context = (int) Kernel.call(s, CallNumbers.FSOPEN, s.first.name(ascii("fuse")), FSOPEN_CLOEXEC);
        if (context < 0) {
            return context;
        }
        try {
            String[][] settings = {
                {"source", source},
                {"fd", Integer.toString(connection)},
                {"rootmode", Integer.toOctalString(Flags.S_IFDIR)},
                {"user_id", Integer.toString(Credentials.effectiveUid())},
                {"group_id", Integer.toString(Credentials.effectiveGid())},
                {"max_read", Integer.toString(maxRead)}
            };
            for (String[] setting : settings) {
                int result = set(s, context, setting[0], setting[1]);
                if (result < 0) {
                    return result;
                }
            }
            int made = (int) Kernel.call(s, CallNumbers.FSCONFIG, context, CREATE, 0, 0, 0);
            return made < 0
                    ? made
                    : (int) Kernel.call(s, CallNumbers.FSMOUNT, context, FSMOUNT_CLOEXEC, RDONLY_NOSUID_NODEV_NOEXEC);
        } finally {
            int ignored = files.close(context);
        }
    }

    private static int set(Scratch s, int context, String key, String value) {
        long name = s.first.name(ascii(key));
        long text = s.second.name(value.getBytes(UTF_8));
        return (int) Kernel.call(s, CallNumbers.FSCONFIG, context, SET_STRING, name, text, 0);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(US_ASCII);
    }

    @Override
    public int receive(int connection, ByteBuffer target) {
        int length = (int) Kernel.transfer(Scratch.ofThread(), CallNumbers.READ, connection, direct(target), 0);
        if (length > 0) {
            target.position(target.position() + length);
        }
        return length;
    }

    @Override
    public int reply(int connection, ByteBuffer reply) {
        return (int) Kernel.transfer(Scratch.ofThread(), CallNumbers.WRITE, connection, direct(reply), 0);
    }

    private static MemorySegment direct(ByteBuffer buffer) {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException("the kernel is given direct buffers only; this one is on the heap");
        }
        return MemorySegment.ofBuffer(buffer);
    }

    @Override
    public int close(int descriptor) {
        return files.close(descriptor);
    }
}
