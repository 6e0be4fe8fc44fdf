package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.disk.FileErrors;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Keeps a second process from removing, as left over, what the first is making. Dies with its process.
final class RootLock implements AutoCloseable {
    private final FileChannel channel;
    private final Path file;

    private RootLock(FileChannel channel, Path file) {
        this.channel = channel;
        this.file = file;
    }

    /// @throws ImageException PRECONDITION when somebody has it
    static RootLock take(Path root) {
        Path file = root.resolve("snapshots.lock");
        try {
            FileChannel channel = FileChannel.open(
                    file,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            if (lock(channel) == null) {
                channel.close();
                throw new ImageException(
                        ErrorKind.PRECONDITION,
                        "another process keeps snapshots in " + root + " (it holds " + file
                                + "); stop it, or choose another --root");
            }
            return new RootLock(channel, file);
        } catch (IOException e) {
            throw FileErrors.writing("cannot lock the snapshots", file, e);
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // this very process
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw FileErrors.of("cannot unlock the snapshots", file, e);
        }
    }
}
