package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.disk.FileErrors;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The directory of one layer, `layers/<alg>-<hex>/`, while this process uses it.
///
/// | file | what |
/// |---|---|
/// | `index` | the [io.lighterage.stargz.index.LayerIndex]; there once the layer can be used |
/// | `flat` | the sparse file |
/// | `present` | see [PresenceFile] |
/// | `lock` | two record locks, below; never deleted |
/// | `*.new` | being made by the holder of the fill lock; left over when no one holds it |
///
/// Byte 0 of `lock` is the fill lock: its one holder makes the index, fills a layer without an index of its
/// own, and fetches in the background. Byte 1 is held shared by every process that uses the layer, and
/// exclusively to evict it. The kernel drops a process's record locks when it closes *any* descriptor of the
/// file, so a process opens it once: see [LayerCache].
final class LayerPlace implements AutoCloseable {
    private static final FileAttribute<?> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final long FILL = 0;
    private static final long USE = 1;
    private static final long LONGEST_PAUSE_MILLIS = 50;

    private final Path directory;
    private final FileChannel channel;
    private @Nullable FileLock fill;

    private LayerPlace(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /// Makes the directory if need be, and keeps it from being evicted; waits while it is.
    static LayerPlace open(Path layers, Digest layer) {
        Path directory = directory(layers, layer);
        try {
            Files.createDirectories(layers, PRIVATE);
            Files.createDirectories(directory, PRIVATE);
            LayerPlace place = new LayerPlace(directory, openLock(directory));
            boolean held = false;
            try {
                FileLock ignored = place.await(USE, true); // until the channel is closed
                held = true;
                place.touch();
                return place;
            } finally {
                if (!held) {
                    place.channel.close();
                }
            }
        } catch (IOException e) {
            throw FileErrors.writing("cannot open the place of layer " + layer, directory, e);
        }
    }

    static Path directory(Path layers, Digest layer) {
        return layers.resolve(layer.algorithm() + "-" + layer.hex());
    }

    private static FileChannel openLock(Path directory) throws IOException {
        return FileChannel.open(
                directory.resolve("lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    Path index() {
        return directory.resolve("index");
    }

    Path flat() {
        return directory.resolve("flat");
    }

    Path present() {
        return directory.resolve("present");
    }

    /// The name under which `file` is made.
    static Path made(Path file) {
        return file.resolveSibling(file.getFileName() + ".new");
    }

    /// Waits for the fill lock, or until there is an index, and removes what the lock's last holder left
    /// unfinished.
    ///
    /// @return whether this process has the lock now
    /// @throws ImageException CANCELLED when interrupted
    synchronized boolean awaitFillOrIndex() {
        for (long wait = 1; !tryFill(); wait = Math.min(wait * 2, LONGEST_PAUSE_MILLIS)) {
            if (Files.exists(index())) {
                return false;
            }
            pause(wait);
        }
        for (Path file : new Path[] {index(), flat(), present()}) {
            delete(made(file));
        }
        return true;
    }

    /// Takes the fill lock if nobody has it.
    ///
    /// @return whether this process has it now
    synchronized boolean tryFill() {
        if (fill == null) {
            fill = tryLock(FILL, false).orElse(null);
        }
        return fill != null;
    }

    private void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for " + directory, e);
        }
    }

    private FileLock await(long position, boolean shared) {
        long wait = 1;
        while (true) {
            Optional<FileLock> lock = tryLock(position, shared);
            if (lock.isPresent()) {
                return lock.get();
            }
            pause(wait);
            wait = Math.min(wait * 2, LONGEST_PAUSE_MILLIS);
        }
    }

    /// `tryLock` and never `lock`: the latter closes the channel, and with it every lock, when interrupted.
    private Optional<FileLock> tryLock(long position, boolean shared) {
        try {
            return Optional.ofNullable(channel.tryLock(position, 1, shared));
        } catch (OverlappingFileLockException e) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot use " + directory + ": this process has its store open twice; open it once",
                    e);
        } catch (IOException e) {
            throw FileErrors.of("cannot lock", directory, e);
        }
    }

    /// The time of last use, which eviction goes by.
    private void touch() throws IOException {
        Files.setLastModifiedTime(directory.resolve("lock"), FileTime.fromMillis(System.currentTimeMillis()));
    }

    static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw FileErrors.of("cannot delete", file, e);
        }
    }

    /// Removes the contents of a layer that no process uses; must not be called for one that this process uses.
    ///
    /// @return false when another process uses it
    static boolean evict(Path directory) {
        try (FileChannel channel = openLock(directory)) {
            LayerPlace place = new LayerPlace(directory, channel);
            if (place.tryLock(USE, false).isEmpty()) {
                return false;
            }
            // The index first: without it nobody takes what is left for a layer.
            for (Path file : new Path[] {place.index(), place.present(), place.flat()}) {
                delete(file);
                delete(made(file));
            }
            return true;
        } catch (IOException e) {
            throw FileErrors.of("cannot evict", directory, e);
        }
    }

    /// Lets the layer be evicted.
    @Override
    public void close() {
        try {
            touch();
            channel.close();
        } catch (IOException e) {
            throw FileErrors.of("cannot close", directory, e);
        }
    }
}
