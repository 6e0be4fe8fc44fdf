package io.lighterage.mirror;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// A file as a blob. Holds one descriptor until closed.
final class FileBlob implements Blob {
    private final Path path;
    private final FileChannel channel;
    private final long size;

    private FileBlob(Path path, FileChannel channel, long size) {
        this.path = path;
        this.channel = channel;
        this.size = size;
    }

    /// @return empty when there is no such regular file
    static Optional<Blob> open(Path path) {
        try {
            if (!Files.isRegularFile(path)) {
                return Optional.empty();
            }
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            return Optional.of(new FileBlob(path, channel, channel.size()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failure("open", path, e);
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public int read(long position, ByteBuffer target) {
        try {
            return channel.read(target, position);
        } catch (IOException e) {
            throw failure("read", path, e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw failure("close", path, e);
        }
    }

    static ImageException failure(String action, Path path, IOException cause) {
        return new ImageException(
                ErrorKind.UNAVAILABLE,
                action + " " + path + ": " + cause.getMessage() + "; expected a readable file, check its permissions",
                cause);
    }
}
