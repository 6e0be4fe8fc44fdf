package io.lighterage.remotesnapshotter.mount;

import io.lighterage.linux.Errno;
import io.lighterage.linux.MountCalls;
import io.lighterage.linux.MountFlags;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Undoes mounts: with `umount2(2)` as root, else with the set-uid program `fusermount`.
///
/// @param calls the kernel
/// @param root whether we may ask the kernel ourselves
record Unmounter(MountCalls calls, boolean root) {
    /// `fusermount3` understands the same and is all that some distributions have.
    static final List<String> PROGRAMS = List.of("fusermount", "fusermount3");

    private static final System.Logger LOG = System.getLogger(Unmounter.class.getName());
    private static final long SECONDS = 30;

    /// @return 0 or `-errno`; `-EBUSY` when it is in use
    int unmount(Path directory) {
        return root ? calls.umount2(directory, MountFlags.UMOUNT_NOFOLLOW) : run(directory, false);
    }

    /// Takes it out of the directory now, whoever uses it.
    int detach(Path directory) {
        int flags = MountFlags.UMOUNT_NOFOLLOW | MountFlags.MNT_DETACH;
        return root ? calls.umount2(directory, flags) : run(directory, true);
    }

    private static int run(Path directory, boolean lazily) {
        for (String program : PROGRAMS) {
            List<String> command = new ArrayList<>(List.of(program, "-u", "-q"));
            if (lazily) {
                command.add("-z");
            }
            command.addAll(List.of("--", directory.toString()));
            try {
                return ended(new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start());
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, () -> program + " cannot be run: " + e.getMessage());
            }
        }
        return -Errno.ENOSYS;
    }

    /// fusermount says only whether it went well; when not, it is in use unless something is very wrong.
    private static int ended(Process process) {
        try {
            if (process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                return process.exitValue() == 0 ? 0 : -Errno.EBUSY;
            }
            process.destroyForcibly();
            return -Errno.ETIMEDOUT;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -Errno.EINTR;
        }
    }
}
