package io.lighterage.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;

/// [MountCalls] as the running kernel answers them. Stateless.
public final class NativeMountCalls implements MountCalls {
    @Override
    public int mount(String source, Path target, String type, long flags, String options) {
        byte[] data = options.getBytes(UTF_8);
        if (data.length > MAX_OPTIONS) {
            return -Errno.E2BIG;
        }
        Scratch s = Scratch.ofThread();
        long from = s.first.name(source.getBytes(UTF_8));
        long to = s.second.name(Descriptors.bytes(target));
        long kind = type.isEmpty() ? 0 : s.third.name(type.getBytes(UTF_8));
        long with = data.length == 0 ? 0 : s.bulk.name(data);
        return (int) Kernel.call(s, CallNumbers.MOUNT, from, to, kind, flags, with);
    }

    @Override
    public int umount2(Path target, int flags) {
        Scratch s = Scratch.ofThread();
        return (int) Kernel.call(s, CallNumbers.UMOUNT2, s.first.name(Descriptors.bytes(target)), flags);
    }

    @Override
    public long magic(Path path) {
        Scratch s = Scratch.ofThread();
        long name = s.first.name(Descriptors.bytes(path));
        long result = Kernel.call(s, CallNumbers.STATFS, name, s.struct.address());
        return result < 0 ? result : s.struct.get(JAVA_LONG, 0);
    }
}
