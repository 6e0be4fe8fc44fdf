package io.lighterage.stargz.index;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.FileMapping;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/// Index files come into being whole or not at all, and are opened by mapping them.
final class IndexFile {
    private IndexFile() {}

    /// See [LayerIndex#open].
    static LayerIndex open(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < IndexFormat.HEADER || size > Integer.MAX_VALUE) {
                throw IndexCheck.corrupt(file.toString(), "it has " + size + " bytes");
            }
            // All of it is touched by the check; of what is kept mapped, only what is used.
            FileMapping.look(channel, size, bytes -> LayerIndex.of(bytes, file.toString()));
            FileMapping mapping = FileMapping.of(channel, size);
            return new LayerIndex(mapping.bytes().order(ByteOrder.LITTLE_ENDIAN), mapping::letGo);
        } catch (NoSuchFileException e) {
            throw new ImageException(ErrorKind.NOT_FOUND, "there is no layer index " + file, e);
        } catch (IOException e) {
            throw new ImageException(ErrorKind.INTERNAL, "cannot read layer index " + file + ": " + e.getMessage(), e);
        }
    }

    static void write(Path file, IndexWriter writer) {
        writer.size();
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            throw new ImageException(ErrorKind.INVALID, "'" + file + "' is no place for a layer index");
        }
        try {
            Path fresh = Files.createTempFile(folder, file.getFileName() + ".", ".new");
            try {
                fill(fresh, writer);
                Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(fresh);
            }
            try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
                directory.force(true);
            }
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    private static void fill(Path fresh, IndexWriter writer) throws IOException {
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
            channel.position(IndexFormat.COVERED);
            ByteBuffer start = start(channel, writer);
            while (start.hasRemaining()) {
                channel.write(start, start.position());
            }
            channel.force(true);
        }
    }

    static ByteBuffer image(IndexWriter writer) {
        ByteBuffer all = ByteBuffer.allocate(writer.size()).order(ByteOrder.LITTLE_ENDIAN);
        all.position(IndexFormat.COVERED);
        try {
            ByteBuffer start = start(new Memory(all), writer);
            return all.flip().put(0, start, 0, start.remaining());
        } catch (IOException e) {
            throw new UncheckedIOException("memory took no more", e);
        }
    }

    /// Writes all but the start.
    ///
    /// @return the start: magic number and digest
    private static ByteBuffer start(WritableByteChannel target, IndexWriter writer) throws IOException {
        MessageDigest hasher = Digest.newHasher("sha256");
        IndexOutput out = new IndexOutput(target, hasher);
        writer.write(out);
        out.flush();
        return ByteBuffer.allocate(IndexFormat.COVERED)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(IndexFormat.MAGIC)
                .put(hasher.digest())
                .flip();
    }

    private record Memory(ByteBuffer all) implements WritableByteChannel {
        @Override
        public int write(ByteBuffer bytes) {
            int count = bytes.remaining();
            all.put(bytes);
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    private static ImageException failure(Path file, IOException cause) {
        String text = "cannot write layer index " + file + ": " + cause.getMessage();
        if (cause instanceof ClosedByInterruptException) {
            return new ImageException(ErrorKind.CANCELLED, "writing layer index " + file + " was interrupted", cause);
        }
        String message = String.valueOf(cause.getMessage());
        if (message.contains("No space left") || message.contains("quota exceeded")) {
            return new ImageException(ErrorKind.EXHAUSTED, text + "; free some space (`lighter gc`)", cause);
        }
        return new ImageException(ErrorKind.INTERNAL, text + "; check the file system and the kernel log", cause);
    }
}
