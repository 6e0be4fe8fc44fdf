package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.linux.Errno;
import io.lighterage.linux.MountCalls;
import java.nio.file.Files;
import java.nio.file.Path;

/// The running kernel, save that it mounts no files, as before Linux 6.12.
record OlderKernel(MountCalls calls) implements MountCalls {
    @Override
    public int mount(String source, Path target, String type, long flags, String options) {
        return Files.isRegularFile(Path.of(source))
                ? -Errno.ENOTBLK
                : calls.mount(source, target, type, flags, options);
    }

    @Override
    public int umount2(Path target, int flags) {
        return calls.umount2(target, flags);
    }

    @Override
    public long magic(Path path) {
        return calls.magic(path);
    }
}
