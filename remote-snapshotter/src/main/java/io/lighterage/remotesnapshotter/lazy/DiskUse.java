package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.linux.Descriptors;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.NativeFileCalls;
import java.nio.file.Path;

/// What files really take, which for a sparse file is not what its length says.
final class DiskUse {
    private static final int BLOCK = 512;

    private DiskUse() {}

    /// Bytes of the files in a directory, without those of directories below.
    static long of(Path directory) {
        FileCalls calls = new NativeFileCalls();
        int open = Descriptors.openDirectory(calls, directory);
        try {
            long sum = 0;
            for (byte[] name : calls.list(open)) {
                FileStatus status = calls.statx(open, name);
                if (status != null && status.isRegular()) {
                    sum += status.blocks() * BLOCK;
                }
            }
            return sum;
        } finally {
            int ignored = calls.close(open);
        }
    }
}
