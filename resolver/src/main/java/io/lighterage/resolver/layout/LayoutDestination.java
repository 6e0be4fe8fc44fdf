package io.lighterage.resolver.layout;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.ImageDestination;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/// An image written to an OCI layout directory, which is made if need be.
///
/// Every file is written elsewhere, made durable and moved to its name; `index.json` last, under a lock on the file
/// `oci-layout`, so that several writers of one layout do not lose each other's images.
final class LayoutDestination implements ImageDestination {
    private static final byte[] LAYOUT = "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.US_ASCII);
    private static final String MARK = "oci-layout";
    private static final Set<PosixFilePermission> READABLE = PosixFilePermissions.fromString("rw-r--r--");
    private static final int BUFFER = 256 << 10;
    private static final int MAX_INDEX = 4 << 20;
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+@:/-]{0,254}");
    private static final String WORKSHOP = ".lighter-";
    /// How long another writer of this process is waited for: longer than any takes.
    private static final int LOCK_ATTEMPTS = 3000;

    private static final int LOCK_PAUSE_MILLIS = 10;

    private final Path directory;
    private final String tag;
    private final Path workshop;
    private final AtomicInteger files = new AtomicInteger();

    LayoutDestination(Path directory, String tag) {
        if (!tag.isEmpty() && !TAG.matcher(tag).matches()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "'" + tag.replaceAll("\\p{Cntrl}", "?") + "' is not a tag; expected letters, digits and ._+@:/-");
        }
        this.directory = directory.toAbsolutePath().normalize();
        this.tag = tag;
        workshop =
                this.directory.resolve(WORKSHOP + ProcessHandle.current().pid() + "-" + System.identityHashCode(this));
    }

    @Override
    public String name() {
        return "oci:" + directory + (tag.isEmpty() ? "" : ":" + tag);
    }

    @Override
    public Optional<Path> workshop() {
        prepare();
        return Optional.of(workshop);
    }

    @Override
    public void put(Descriptor blob, Blob content) {
        prepare();
        Path target = path(blob);
        if (Files.exists(target)) {
            return;
        }
        Path file = newFile();
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            MessageDigest hasher = blob.digest().newHasher();
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
            for (long at = 0; at < blob.size(); at += buffer.limit()) {
                buffer.clear().limit((int) Math.min(BUFFER, blob.size() - at));
                content.readFully(at, buffer);
                hasher.update(buffer.flip().duplicate());
                while (buffer.hasRemaining()) {
                    out.write(buffer);
                }
            }
            Digest actual = Digest.finish(blob.digest().algorithm(), hasher);
            if (!actual.equals(blob.digest())) {
                throw new ImageException(
                        ErrorKind.CORRUPT,
                        "writing " + blob.digest() + " to " + name() + ": its bytes have digest " + actual
                                + "; fetch the image again");
            }
        } catch (IOException e) {
            throw failed("writing " + blob.digest(), e);
        }
        adopt(blob, file);
    }

    @Override
    public void adopt(Descriptor blob, Path file) {
        prepare();
        Path target = path(blob);
        try {
            Files.createDirectories(parent(target));
            Path near = file;
            if (!file.startsWith(directory)) {
                near = newFile();
                Files.copy(file, near);
                Files.delete(file);
            }
            move(near, target);
        } catch (IOException e) {
            throw failed("writing " + blob.digest(), e);
        }
    }

    @Override
    public void document(Descriptor descriptor, byte[] bytes) {
        prepare();
        Path target = path(descriptor);
        if (!Files.exists(target)) {
            replace(target, bytes);
        }
    }

    @Override
    public void publish(Descriptor target) {
        prepare();
        try (FileChannel layout =
                        FileChannel.open(directory.resolve(MARK), StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileLock _ = lock(layout)) {
            Path file = directory.resolve("index.json");
            LayoutIndex index = new LayoutIndex(java.util.List.of());
            if (Files.exists(file)) {
                if (Files.size(file) > MAX_INDEX) {
                    throw new ImageException(
                            ErrorKind.INVALID, file + " has more than " + MAX_INDEX + " bytes; no index has that many");
                }
                index = LayoutIndex.parse(Files.readAllBytes(file), file.toString());
            }
            replace(file, index.with(target, tag).bytes());
        } catch (IOException e) {
            throw failed("adding the image", e);
        }
    }

    private FileLock lock(FileChannel layout) throws IOException {
        for (int i = 0; i < LOCK_ATTEMPTS; i++) {
            try {
                return layout.lock();
            } catch (OverlappingFileLockException e) {
                pause(); // another thread of this process has it
            }
        }
        throw new ImageException(ErrorKind.UNAVAILABLE, "another writer does not let go of " + name());
    }

    private static void pause() {
        try {
            Thread.sleep(LOCK_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for another writer", e);
        }
    }

    /// Makes what is missing of the layout; what is there and is no layout is left alone.
    private synchronized void prepare() {
        try {
            if (Files.isDirectory(workshop)) {
                return;
            }
            requireLayout();
            Files.createDirectories(directory.resolve("blobs").resolve("sha256"));
            removeLeftovers();
            Files.createDirectories(workshop);
            mark();
        } catch (IOException e) {
            throw failed("preparing the layout", e);
        }
    }

    private void requireLayout() throws IOException {
        if (Files.exists(directory.resolve(MARK)) || !Files.exists(directory)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                if (!name.equals("blobs") && !name.startsWith(WORKSHOP)) { // else another writer is just beginning
                    throw new ImageException(
                            ErrorKind.PRECONDITION,
                            directory + " holds files and is not an OCI layout; choose a layout, or a directory that is"
                                    + " empty or not there yet");
                }
            }
        }
    }

    /// Makes the file that says what the directory is. It is never replaced, since locks are taken on it.
    private void mark() throws IOException {
        Path mark = directory.resolve(MARK);
        if (Files.exists(mark)) {
            return;
        }
        Path file = newFile();
        Files.write(file, LAYOUT);
        Files.setPosixFilePermissions(file, READABLE);
        try {
            Files.createLink(mark, file);
        } catch (FileAlreadyExistsException e) {
            return; // another writer was quicker
        } finally {
            Files.delete(file);
        }
    }

    private void removeLeftovers() throws IOException {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, WORKSHOP + "*-*")) {
            for (Path leftover : found) {
                String name = String.valueOf(leftover.getFileName()).substring(WORKSHOP.length());
                String pid = name.substring(0, name.indexOf('-'));
                if (pid.matches("\\d{1,9}")
                        && ProcessHandle.of(Long.parseLong(pid)).isEmpty()) {
                    remove(leftover);
                }
            }
        }
    }

    private static void remove(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    private Path newFile() {
        return workshop.resolve("put-" + files.incrementAndGet());
    }

    private void replace(Path target, byte[] bytes) {
        Path file = newFile();
        try {
            Files.createDirectories(parent(target));
            Files.write(file, bytes);
            move(file, target);
        } catch (IOException e) {
            throw failed("writing " + target.getFileName(), e);
        }
    }

    private static void move(Path file, Path target) throws IOException {
        Files.setPosixFilePermissions(file, READABLE);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel folder = FileChannel.open(parent(target), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalStateException(path + " is in no folder");
        }
        return parent;
    }

    private Path path(Descriptor descriptor) {
        return directory
                .resolve("blobs")
                .resolve(descriptor.digest().algorithm())
                .resolve(descriptor.digest().hex());
    }

    private ImageException failed(String action, IOException e) {
        boolean full = String.valueOf(e.getMessage()).contains("No space left");
        ErrorKind kind = switch (e) {
            case ClosedByInterruptException ignored -> ErrorKind.CANCELLED;
            case AccessDeniedException ignored -> ErrorKind.DENIED;
            default -> full ? ErrorKind.EXHAUSTED : ErrorKind.INTERNAL;
        };
        return new ImageException(
                kind, action + " in " + name() + " failed: " + e + "; check the directory and its file system", e);
    }

    @Override
    public void close() {
        try {
            if (Files.isDirectory(workshop)) {
                remove(workshop);
            }
        } catch (IOException e) {
            throw failed("removing scratch files", e);
        }
    }
}
