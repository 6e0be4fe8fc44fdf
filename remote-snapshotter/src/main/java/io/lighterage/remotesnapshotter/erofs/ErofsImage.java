package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.disk.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/// Images as files: they come into being whole or not at all, and whether one is still what was written can
/// be told from itself.
public final class ErofsImage {
    private static final int PIECE = 256 << 10;

    private ErofsImage() {}

    /// Writes the image of a tree: to a new file beside `file`, made durable, then renamed to it. The same
    /// tree gives the same bytes.
    ///
    /// @throws ImageException UNSUPPORTED when EROFS cannot hold the tree, naming what; INVALID when the
    ///     tree is none; EXHAUSTED when the disk is full
    public static ErofsHeader write(Path file, ErofsTree tree) {
        ErofsPlan plan = ErofsPlan.of(tree);
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            throw new ImageException(ErrorKind.INVALID, "'" + file + "' is no place for an EROFS image");
        }
        try {
            Path fresh = Files.createTempFile(folder, file.getFileName() + ".", ".new");
            try {
                fill(fresh, plan);
                Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(fresh);
            }
            try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
                directory.force(true);
            }
        } catch (IOException e) {
            throw FileErrors.writing("cannot write the EROFS image of " + tree.identity(), file, e);
        }
        return plan.header();
    }

    /// Writes the image of a tree into an existing file that is to be mounted and then forgotten: nothing is made
    /// durable, and a crash may leave anything in it.
    ///
    /// @throws ImageException as [#write]
    public static ErofsHeader writeForNow(Path file, ErofsTree tree) {
        ErofsPlan plan = ErofsPlan.of(tree);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            fill(channel, plan);
        } catch (IOException e) {
            throw FileErrors.writing("cannot write the EROFS image of " + tree.identity(), file, e);
        }
        return plan.header();
    }

    private static void fill(Path fresh, ErofsPlan plan) throws IOException {
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
            fill(channel, plan);
            channel.force(true);
        }
    }

    private static void fill(FileChannel channel, ErofsPlan plan) throws IOException {
        channel.position(ErofsFormat.COVERED);
        ByteBuffer start = encode(plan, channel);
        while (start.hasRemaining()) {
            channel.write(start, start.position());
        }
    }

    /// Writes all but the start.
    ///
    /// @return the start: magic number and digest
    static ByteBuffer encode(ErofsPlan plan, WritableByteChannel target) throws IOException {
        MessageDigest hasher = Digest.newHasher("sha256");
        ErofsEncoder.write(plan, new ErofsOutput(target, hasher, ErofsFormat.COVERED));
        return ByteBuffer.allocate(ErofsFormat.COVERED)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(ErofsFormat.BOOT_MAGIC)
                .put(hasher.digest())
                .flip();
    }

    /// What an image says of itself, from its first blocks alone.
    ///
    /// @throws ImageException as [#verify], which looks at the rest, too
    public static ErofsHeader header(Path file) {
        return read(file, channel -> {
            ByteBuffer piece = ByteBuffer.allocate(ErofsHeader.bytes(ErofsFormat.MAX_DEVICES));
            readFully(channel, piece, 0);
            return ErofsHeader.parse(piece, file.toString());
        });
    }

    /// Reads all of an image and compares it with its digest.
    ///
    /// @throws ImageException CORRUPT when any byte is not what was written or is missing, NOT_FOUND when
    ///     there is no file, UNSUPPORTED for another version, INTERNAL when it cannot be read
    public static ErofsHeader verify(Path file) {
        return read(file, channel -> verify(channel, file.toString()));
    }

    /// What is read from an open file.
    private interface Reading {
        ErofsHeader of(FileChannel channel) throws IOException;
    }

    private static ErofsHeader read(Path file, Reading reading) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return reading.of(channel);
        } catch (NoSuchFileException e) {
            throw new ImageException(ErrorKind.NOT_FOUND, "there is no EROFS image " + file, e);
        } catch (IOException e) {
            throw FileErrors.of("cannot read the EROFS image", file, e);
        }
    }

    private static ErofsHeader verify(FileChannel channel, String what) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        readFully(channel, piece, 0);
        ErofsHeader header = ErofsHeader.parse(piece.duplicate(), what);
        long size = channel.size();
        ErofsHeader.require(size == header.bytes(), what, "it has " + size + " bytes; expected " + header.bytes());
        byte[] expected = new byte[ErofsFormat.DIGEST_BYTES];
        piece.get(ErofsFormat.BOOT_DIGEST, expected);
        piece.position(ErofsFormat.COVERED);
        MessageDigest hasher = Digest.newHasher("sha256");
        long at = piece.limit();
        hasher.update(piece);
        while (at < size) {
            readFully(channel, piece.clear(), at);
            ErofsHeader.require(piece.hasRemaining(), what, "it ends at " + at);
            at += piece.limit();
            hasher.update(piece);
        }
        boolean same = MessageDigest.isEqual(expected, hasher.digest());
        ErofsHeader.require(same, what, "its sha256 is not the one it names");
        return header;
    }

    /// Reads until the buffer is full or the file ends, and flips the buffer.
    private static void readFully(FileChannel channel, ByteBuffer piece, long from) throws IOException {
        long at = from;
        int count = channel.read(piece, at);
        while (count > 0 && piece.hasRemaining()) {
            at += count;
            count = channel.read(piece, at);
        }
        piece.flip();
    }
}
